import { celeryUnit, gunicornUnit } from '../lab/services.ts';
import { brokerOf, type Call, type Scenario, type Slot } from './slot.ts';

const gunicorn = (slot: Slot, count: string, lines: string[] = []): string =>
  gunicornUnit({ count, bind: `127.0.0.1:${slot.port}`, lines });

const celery = (slot: Slot, workers: number): string =>
  celeryUnit({
    ...{ args: `-n ${slot.service}@%%h`, count: `-c ${workers}` },
    broker: brokerOf(slot),
  });

const hers = (slot: Slot): { path: string; text: string } => ({
  ...{ path: `/home/daemon/${slot.service}.env`, text: 'WEB_CONCURRENCY=2\n' },
});

const scale = (to: number) => (slot: Slot) => ['scale', slot.service, String(to)];

const web = { unit: (slot: Slot) => gunicorn(slot, '--workers 2'), where: 'unit' } as const;
const jobs = { unit: (slot: Slot) => celery(slot, 2), where: 'unit' } as const;
const rollback = (slot: Slot) => ['rollback', slot.service, '--keep-timer'];
const run = () => ['run', '--json'];

const isRenameOf = ([, name, , to]: Call, end: string): boolean =>
  name === 'rename' && String(to).endsWith(end);

/** The roads that a change takes. */
export const SCENARIOS: Scenario[] = [
  {
    name: 'Gunicorn, the number in the unit',
    ...{ ...web, from: 2, to: 3 },
    command: scale(3),
  },
  {
    name: 'Gunicorn that does not start with the new number',
    unit: (slot) =>
      gunicorn(slot, '--workers 2', [
        `ExecStartPre=/bin/sh -c "! grep -q 'workers [3]' ${slot.unitPath}"`,
      ]),
    ...{ from: 2, to: 3, where: 'unit', fails: true },
    command: scale(3),
  },
  {
    name: 'Gunicorn without a number: a drop-in',
    unit: (slot) => gunicorn(slot, ''),
    ...{ from: 1, to: 2, where: 'drop-in' },
    command: scale(2),
  },
  {
    name: 'Gunicorn, the number in a file of another user: a drop-in and an environment file',
    unit: (slot) => gunicorn(slot, '', [`EnvironmentFile=${hers(slot).path}`]),
    foreign: (slot) => hers(slot),
    ...{ from: 2, to: 3, where: 'environment' },
    command: scale(3),
  },
  {
    name: 'Celery, which finishes its tasks first',
    ...{ ...jobs, from: 2, to: 3 },
    command: scale(3),
  },
  {
    name: 'a rollback',
    ...{ ...web, from: 3, to: 2 },
    setup: (slot) => [scale(3)(slot)],
    command: rollback,
  },
  {
    name: 'live: Gunicorn up by two signals',
    ...{ ...web, from: 2, to: 4, live: true },
    command: scale(4),
  },
  {
    name: 'live: Gunicorn down by two signals',
    unit: (slot) => gunicorn(slot, '--workers 4'),
    ...{ from: 4, to: 2, where: 'unit', live: true },
    command: scale(2),
  },
  {
    name: 'live: Celery up by remote control',
    ...{ ...jobs, from: 2, to: 4, live: true },
    command: scale(4),
  },
  {
    name: 'live: Celery down by remote control',
    unit: (slot) => celery(slot, 4),
    ...{ from: 4, to: 2, where: 'unit', live: true },
    command: scale(2),
  },
  {
    name: 'live: a rollback',
    ...{ ...web, from: 4, to: 2, live: true },
    setup: (slot) => [scale(4)(slot)],
    command: rollback,
  },
  {
    name: 'recovery: a change that died before the reload is taken back',
    ...{ ...web, from: 2, to: 3 },
    killed: {
      command: scale(3),
      at: ([, name], before) =>
        name === 'execve' && before.some((call) => isRenameOf(call, '.service')),
    },
    command: run,
  },
  {
    name: 'recovery: a change that died after the proof is finished',
    ...{ ...web, from: 2, to: 3 },
    killed: {
      command: scale(3),
      at: ([, , path], before) =>
        String(path).endsWith('.pending/manifest.json.tmp') &&
        before.some((call) => isRenameOf(call, '.pending/manifest.json')),
    },
    command: run,
  },
  {
    name: 'recovery: a live change that died between two signals is finished',
    ...{ ...web, from: 2, to: 4, live: true },
    killed: {
      command: scale(4),
      at: ([, name], before) => name === 'kill' && before.some(([, each]) => each === 'kill'),
    },
    command: run,
  },
  {
    name: 'recovery: a Celery that was asked to end is started',
    ...{ ...jobs, from: 2, to: 3 },
    killed: { command: scale(3), at: (_, before) => before.at(-1)?.[1] === 'kill' },
    command: run,
  },
];
