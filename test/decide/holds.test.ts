import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decide } from '../../src/decide/decide.ts';
import { addHolds, noteHolds, type HoldCounts } from '../../src/decide/holds.ts';
import type { HistoryEntry, Sample } from '../../src/model/types.ts';
import { parseHistoryLine } from '../../src/state/history-lines.ts';
import { history, metricPolicy, policy, SERVICE } from './series.ts';

const POLICIES = [policy([metricPolicy('cpu', '3>80 1<30', [4, 10])], { maxWorkers: 3 })];

/** The entries as runs would have recorded them. */
function record(entries: HistoryEntry[]): HistoryEntry[] {
  return entries.map((entry, index) => {
    const known = entries.slice(0, index + 1);
    return entry.kind === 'action'
      ? entry
      : noteHolds(entry, decide({ policies: POLICIES, history: known, checkIntervalMs: 120_000 }));
  });
}

test('a sample says what held a change back, and is still a line of the history', () => {
  const recorded = record(history({ cpu: '50 90 90' })) as Sample[];
  assert.deepEqual(
    recorded.map((sample) => sample.services[SERVICE]?.hold),
    [undefined, 'duration', undefined],
  );
  for (const sample of recorded) {
    assert.deepEqual(parseHistoryLine(JSON.stringify(sample)), sample);
  }
});

test('holds are counted by their kind', () => {
  const counts: HoldCounts = {};
  for (const entry of record(history({ cpu: '50 90 90 50 20x3 90x4', workers: '2x7 3x4' }))) {
    if (entry.kind === 'sample') addHolds(counts, entry);
  }
  assert.deepEqual(counts, { duration: 4, at_limit: 4 });
});
