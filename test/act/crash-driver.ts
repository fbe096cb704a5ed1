// Run as a child by crash.test.ts: ROOT apply|recover|apply-all|recover-all NUMBER|- [how] [to]. Kills itself right before
// step NUMBER (counted from 1); otherwise prints the names of all steps as JSON.
import { applyPlan } from '../../src/act/apply.ts';
import { recover } from './journal/recover-all.ts';
import { TOGETHER } from './scenarios.ts';
import { World, type How } from './world.ts';
import { Worlds } from './worlds.ts';

const [root = '', what, crashAt, how, to] = process.argv.slice(2);
const steps: string[] = [];
const step = (name: string): void => {
  steps.push(name);
  if (steps.length === Number(crashAt)) process.kill(process.pid, 'SIGKILL');
};
const world = new World(root);
const worlds = new Worlds(root, TOGETHER);
switch (what) {
  case 'apply':
    await applyPlan(world.plan(Number(to), how as How), world.deps(step));
    break;
  case 'recover':
    await recover(world.deps(step));
    break;
  case 'apply-all':
    await worlds.apply(worlds.deps(step));
    break;
  default:
    await recover(worlds.deps(step));
}
process.stdout.write(JSON.stringify(steps));
