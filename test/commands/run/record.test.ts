import { test, type TestContext } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Outcome } from '../../../src/act/types.ts';
import { openRecord } from '../../../src/commands/run/record.ts';
import type { Sample } from '../../../src/model/types.ts';
import { readBootTime } from '../../../src/host/clock.ts';
import { appendEntries, readSince } from '../../../src/state/history.ts';

function newStateDir(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'autoscaler-record-'));
  t.after(() => rmSync(dir, { recursive: true }));
  return dir;
}

function outcome(changeId: string): Outcome {
  return {
    ...{ service: 'web.service', project: 'web', action: 'scale_up', from: 2, to: 3 },
    ...{ result: 'applied', sentence: '', hint: null, changeId, running: 3, reason: 'cpu' },
  };
}

function sample(): Sample {
  const { boot, uptimeS } = readBootTime();
  return {
    ...{ v: 1, kind: 'sample', at: new Date().toISOString(), boot, uptime_s: uptimeS, span_s: 10 },
    host: { cpu_percent: 50, memory_available_mb: 1000 },
    services: {},
  };
}

function readChanges(dir: string): (string | undefined)[] {
  const { entries } = readSince(dir, 0, { ms: Date.now(), ...readBootTime() });
  return entries.flatMap(({ entry }) => (entry.kind === 'action' ? [entry.change] : []));
}

test('a change is noted once, also where runs have noted samples since', (t) => {
  const dir = newStateDir(t);
  openRecord(dir, null)(outcome('000001-web.service'));
  for (let n = 0; n < 3; n++) appendEntries(dir, [sample()]);
  const record = openRecord(dir, null);
  record(outcome('000001-web.service'));
  record(outcome('000002-web.service'));
  assert.deepEqual(readChanges(dir), ['000001-web.service', '000002-web.service']);
});

test('by one run too: its end may be tried twice', (t) => {
  const dir = newStateDir(t);
  const record = openRecord(dir, null);
  record(outcome('000001-web.service'));
  record(outcome('000001-web.service'));
  record({ ...outcome('000001-web.service'), result: 'failed' });
  assert.equal(readChanges(dir).length, 2, 'another result is news');
});

test('what goes on is not noted', (t) => {
  const dir = newStateDir(t);
  const record = openRecord(dir, null);
  for (const result of ['draining', 'waiting', 'refused'] as const) {
    record({ ...outcome('000001-web.service'), result });
  }
  assert.deepEqual(readChanges(dir), []);
});
