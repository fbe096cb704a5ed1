// Run as a child by crash.test.ts: ROOT apply|recover NUMBER|- [how] [to]. Kills itself right before
// step NUMBER (counted from 1); otherwise prints the names of all steps as JSON.
import { applyPlan } from '../../src/act/apply.ts';
import { recover } from '../../src/act/recover.ts';
import { World, type How } from './world.ts';

const [root = '', what, crashAt, how, to] = process.argv.slice(2);
const steps: string[] = [];
const world = new World(root);
const deps = world.deps((name) => {
  steps.push(name);
  if (steps.length === Number(crashAt)) process.kill(process.pid, 'SIGKILL');
});
if (what === 'apply') {
  await applyPlan(world.plan(Number(to), how as How), deps);
} else {
  await recover(deps);
}
process.stdout.write(JSON.stringify(steps));
