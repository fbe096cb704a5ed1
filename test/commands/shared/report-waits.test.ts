import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Logger } from 'pino';
import { openWaits } from '../../../src/commands/shared/report-waits.ts';
import { monotonicMs } from '../../../src/host/monotonic.ts';

function open(): { waitsFor: ReturnType<typeof openWaits>; lines: string[] } {
  const lines: string[] = [];
  const log = { info: (_fields: unknown, text: string) => lines.push(text) };
  return { waitsFor: openWaits(log as unknown as Logger, false), lines };
}

const ago = (seconds: number): number => monotonicMs() - seconds * 1000;

test('a log has nothing of what is over within 30 s', () => {
  const { waitsFor, lines } = open();
  waitsFor('web.service', 'loads', ago(29));
  assert.deepEqual(lines, []);
});

test('it says what is waited for, for how long, and how long at most, but not again within a minute', () => {
  const { waitsFor, lines } = open();
  waitsFor('tasks.service', 'Celery finishes its running tasks', ago(75), 1_800_000);
  waitsFor('tasks.service', 'Celery finishes its running tasks', ago(76), 1_800_000);
  waitsFor('web.service', 'loads', ago(31));
  assert.deepEqual(lines, [
    'tasks.service: Celery finishes its running tasks: 1 m 15 s of at most 30 m 0 s',
    'web.service: loads: 31 s',
  ]);
});
