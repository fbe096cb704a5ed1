import assert from 'node:assert/strict';
import { test } from 'node:test';
import { measureError } from '../../src/model/measure-error.ts';
import { findRates } from '../../src/metrics/rates.ts';
import type { HistoryEntry, ServiceSample } from '../../src/model/types.ts';
import { SERVICE } from '../decide/series.ts';

type Point = [
  uptimeS: number,
  total: number | null,
  queue: number | null,
  more?: Partial<ServiceSample>,
];

function at([uptime_s, tasks_total, queue_length, more = {}]: Point): HistoryEntry {
  const found = { workers: 2, main_pid: 7, tasks_total, queue_length, ...more };
  const host = { cpu_percent: 1, memory_available_mb: 1 };
  const stamp = { v: 1 as const, kind: 'sample' as const, at: '', boot: 'a', span_s: 120 };
  return { ...stamp, uptime_s, host, services: { [SERVICE]: found } };
}

const now = { boot: 'a', uptime_s: 2000 };

const table: [
  name: string,
  history: Point[],
  nowPoint: [number, number | null],
  expected: object,
][] = [
  [
    'completed by the counter, arrived by counter and queue',
    [[1900, 100, 50]],
    [300, 250],
    { arrival: 4, completion: 2, drainS: 125, error: null },
  ],
  [
    'the oldest sample of 10 minutes counts',
    [
      [1300, 0, 0],
      [1400, 0, 0],
      [1900, 590, 0],
    ],
    [600, 60],
    { arrival: 1.1, completion: 1, drainS: 60, error: null },
  ],
  [
    'an empty queue needs no time, whatever the rate',
    [[1900, 100, 0]],
    [100, 0],
    { arrival: 0, completion: 0, drainS: 0, error: null },
  ],
  [
    'an empty queue needs no time, also where no rate is known yet',
    [],
    [100, 0],
    { arrival: null, completion: null, drainS: 0, error: null },
  ],
  [
    'nothing completed: not known',
    [[1900, 100, 3]],
    [100, 5],
    {
      arrival: 0.02,
      completion: 0,
      drainS: null,
      error: measureError('none_completed', 'no task was completed in the last 100 s'),
    },
  ],
  [
    'a queue that is not known',
    [[1900, 100, 3]],
    [200, null],
    {
      arrival: null,
      completion: 1,
      drainS: null,
      error: measureError('queue_unknown', 'the queue is unknown'),
    },
  ],
];
for (const [name, history, [total, queue], expected] of table) {
  test(name, () => {
    const found = { workers: 2, main_pid: 7, tasks_total: total, queue_length: queue };
    assert.deepEqual(findRates(history.map(at), SERVICE, { ...now, found }), expected);
  });
}

const breaks: [name: string, before: Point][] = [
  ['another main process', [1900, 10, 0, { main_pid: 8 }]],
  ['another number of workers', [1900, 10, 0, { workers: 3 }]],
  ['a counter that was not had', [1900, null, 0]],
  ['a counter that went back', [1900, 999, 0]],
];
for (const [name, before] of breaks) {
  test(`${name} tells no rate`, () => {
    const found = { workers: 2, main_pid: 7, tasks_total: 100, queue_length: 5 };
    const rates = findRates([at([1800, 5, 0]), at(before)], SERVICE, { ...now, found });
    assert.equal(rates.drainS, null);
    assert.equal(rates.error?.code, 'first_sample');
  });
}
