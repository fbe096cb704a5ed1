import { celeryUnit, gunicornUnit } from '../lab/services.ts';
import type { Scenario, Slot } from './slot.ts';

const gunicorn = (slot: Slot, count: string, lines: string[] = []): string =>
  gunicornUnit({ count, bind: `127.0.0.1:${slot.port}`, lines });

const scale = (to: number) => (slot: Slot) => ['scale', slot.service, String(to)];

/** The roads that a change takes. */
export const SCENARIOS: Scenario[] = [
  {
    name: 'Gunicorn, the number in the unit',
    unit: (slot) => gunicorn(slot, '--workers 2'),
    ...{ from: 2, to: 3, where: 'unit' },
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
    name: 'Celery, which finishes its tasks first',
    unit: (slot) =>
      celeryUnit({ args: `-Q ${slot.service} -n ${slot.service}@%%h`, count: '-c 2' }),
    ...{ from: 2, to: 3, where: 'unit' },
    command: scale(3),
  },
  {
    name: 'a rollback',
    unit: (slot) => gunicorn(slot, '--workers 2'),
    ...{ from: 3, to: 2, where: 'unit' },
    setup: (slot) => [scale(3)(slot)],
    command: (slot) => ['rollback', slot.service, '--keep-timer'],
  },
];
