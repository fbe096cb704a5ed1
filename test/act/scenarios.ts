import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { UNIT, type How, type World, type WorldState } from './world.ts';

/** A change in a world that something cuts off. */
export interface Scenario {
  name: string;
  state: Partial<WorldState>;
  how: How;
  to: number;
  /** a kill is costly, and these take every turn of the road */
  realKills?: boolean;
}

/** The new number is one that the service does not come up with. */
export const FAILING = { state: { brokenWith: 4 }, how: 'splice', to: 4 } as const;

/** Every turn of the road. */
export const SCENARIOS: Scenario[] = [
  { name: 'Gunicorn, number in the unit', state: {}, how: 'splice', to: 4 },
  { name: 'Gunicorn, new drop-in', state: {}, how: 'drop_in', to: 4, realKills: true },
  {
    name: 'Gunicorn, drop-in and environment file',
    state: {},
    how: 'both',
    to: 4,
    realKills: true,
  },
  {
    name: 'Gunicorn that fails with 4, drop-in and environment file',
    ...{ state: { brokenWith: 4 }, how: 'both', to: 4 },
  },
  { name: 'Gunicorn that fails with 4', ...FAILING, realKills: true },
  { name: 'Celery, drained', state: { kind: 'celery' }, how: 'splice', to: 4, realKills: true },
  {
    name: 'Celery that fails with 4',
    state: { kind: 'celery', brokenWith: 4 },
    how: 'drop_in',
    to: 4,
  },
  { name: 'a service that is stopped', state: { active: false, running: 0 }, how: 'splice', to: 4 },
];

/** Changes that are under way at once: one that comes to its end, one that is taken back, one that waits for tasks. */
export const TOGETHER: Scenario[] = [
  { name: 'in the unit', state: {}, how: 'splice', to: 4 },
  { name: 'fails', ...FAILING },
  { name: 'Celery, by a drop-in', state: { kind: 'celery' }, how: 'drop_in', to: 4 },
];

/** Once all is recovered: as before the change or as after it, in the files, in systemd, in the journal. */
export function assertConsistent(world: World, { to, how, state }: Scenario, where: string): void {
  const { loaded, running, active, brokenWith, bound } = world.state;
  const declared = world.declared();
  const expected = brokenWith === null ? [2, to] : [2];
  assert.ok(declared !== null && expected.includes(declared), `${where}: declared ${declared}`);
  const changed = declared === to;
  const text = UNIT.replace('workers 2', `workers ${changed && how === 'splice' ? to : 2}`);
  assert.equal(readFileSync(world.unitPath, 'utf8'), text, where);
  assert.equal(statSync(world.unitPath).mode & 0o777, 0o640, where);
  assert.equal(existsSync(world.dropInPath), changed && how !== 'splice', where);
  assert.equal(existsSync(world.environmentPath), changed && how === 'both', where);
  assert.equal(loaded, declared, `${where}: systemd has loaded what the files say`);
  if (state.active === false) assert.equal(active, false, `${where}: a stopped service stays so`);
  else assert.deepEqual([active, running], [true, declared], `${where}: it runs as declared`);
  assert.equal(bound, active, `${where}: what is bound to it is as it was`);
  const left = readdirSync(join(world.root, 'units')).filter(
    (name) => !name.startsWith(world.service),
  );
  assert.deepEqual(left, [], `${where}: no temporary file is left`);
  if (!changed) assert.equal(existsSync(join(world.dropInPath, '..')), false, where);
  const journal = join(world.backupDir, 'changes');
  const all = existsSync(journal) ? readdirSync(journal) : [];
  const changes = all.filter((name) => name.includes(`-${world.service}`));
  assert.deepEqual(
    changes.filter((name) => /pending|new|broken|tmp/.test(name)),
    [],
    `${where}: nothing is left in the journal`,
  );
  for (const name of changes) {
    const { outcome } = parseOutcome(readFileSync(join(journal, name, 'manifest.json'), 'utf8'));
    assert.equal(outcome.result, changed ? 'applied' : 'undone', where);
  }
}

function parseOutcome(text: string): { outcome: { result: string } } {
  return JSON.parse(text) as { outcome: { result: string } };
}
