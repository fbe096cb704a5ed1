import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { decide } from '../../src/decide/decide.ts';
import type { Decision, HistoryEntry, Sample } from '../../src/model/types.ts';
import { dropWrongValues } from '../../src/metrics/sample-checks.ts';
import { appendEntries, historyPath, readRecent } from '../../src/state/history.ts';
import { history, mapSamples, metricPolicy, policy, SERVICE } from '../decide/series.ts';

const OTHER = 'other.service';
const BAD = 'bad.service';
const POLICIES = [SERVICE, OTHER, BAD].map((service) =>
  policy([metricPolicy('queue', '4>10 1<2', [4, 4])], { service, project: service }),
);

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'autoscaler-wrong-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

/** Three services whose queues are long enough for as long as it takes; `bad` is written as the last value of one. */
function write(bad: string): void {
  const three = mapSamples(history({ queue: '50x4' }), (sample) => {
    const of = sample.services[SERVICE]!;
    return { ...sample, services: { [BAD]: of, [SERVICE]: of, [OTHER]: of } };
  });
  appendEntries(dir, three.slice(0, -1));
  const last = JSON.stringify(three.at(-1)).replace('"queue_length":50', `"queue_length":${bad}`);
  appendFileSync(historyPath(dir), `${last}\n`);
}

function decideNow(): { by: Map<string, Decision>; warnings: string[] } {
  const { entries, warnings } = readRecent(dir, 3_600_000);
  const decisions = decide({ policies: POLICIES, history: entries, checkIntervalMs: 120_000 });
  return { by: new Map(decisions.map((each) => [each.service, each])), warnings };
}

describe('one service with a wrong value: the others are scaled, it is not', () => {
  for (const bad of ['-5', '4e26', '1.5', '"50"', '[50]', '1e999']) {
    test(bad, () => {
      write(bad);
      const { by, warnings } = decideNow();
      for (const service of [SERVICE, OTHER]) {
        const { action, to } = by.get(service)!;
        assert.deepEqual([service, action, to], [service, 'scale_up', 4]);
      }
      const { action, hold } = by.get(BAD)!;
      assert.deepEqual([action, hold], ['none', 'missing_metric']);
      assert.equal(warnings.length, 1);
      assert.match(
        warnings[0]!,
        /: 1 value is wrong and counts as unknown \(the first at byte \d+: services\.bad\.service\.queue_length: expected a whole number, 0 or more, or null, found /,
      );
    });
  }

  test('a service that is no object: the others are scaled', () => {
    write('50');
    const path = historyPath(dir);
    const [first = '', ...more] = readFileSync(path, 'utf8').trim().split('\n').toReversed();
    const entry = JSON.parse(first) as Sample;
    const broken = { ...entry, services: { ...entry.services, [BAD]: 7 } };
    const lines = [...more.toReversed(), JSON.stringify(broken)];
    rmSync(path);
    appendEntries(dir, []);
    appendFileSync(path, `${lines.join('\n')}\n`);
    const { by } = decideNow();
    assert.equal(by.get(OTHER)?.action, 'scale_up');
    assert.equal(by.get(BAD)?.action, 'none');
  });
});

describe('what is written can be read again', () => {
  const wrong: [value: number, written: null][] = [-1, 1.5, NaN, Infinity, 4e26].map((value) => [
    value,
    null,
  ]);
  for (const [value, written] of wrong) {
    test(`${value} is not written`, () => {
      const [entry] = mapSamples(history({ queue: '50' }), (sample) => ({
        ...sample,
        services: { [SERVICE]: { workers: 2, queue_length: value }, [OTHER]: { workers: 3 } },
      }));
      appendEntries(dir, [entry!]);
      const line = JSON.parse(readFileSync(historyPath(dir), 'utf8')) as Sample;
      assert.equal(line.services[SERVICE]?.queue_length, written);
      assert.equal(line.services[OTHER]?.workers, 3);
      assert.deepEqual(readRecent(dir, 0).warnings, []);
    });
  }

  test('an action of no numbers is a bug, not a line', () => {
    const [entry] = history({ queue: '50', actions: [{ after: 0 }] }).slice(-1);
    const broken = { ...entry, to: NaN } as HistoryEntry;
    assert.throws(() => appendEntries(dir, [broken]), /not an entry of the history: to: expected/);
    assert.equal(readFileSync(historyPath(dir), 'utf8'), '');
  });
});

test('what was measured and is no number is unknown, with its reason, before anything is decided', () => {
  const [sample] = mapSamples(history({ queue: '50' }), (each) => ({
    ...each,
    span_s: NaN,
    host: { ...each.host, cpu_percent: Infinity, memory_available_mb: 5 },
    services: { [SERVICE]: { workers: 2, queue_length: 9, busy_percent: NaN } },
  })) as [Sample];
  dropWrongValues(sample);
  assert.deepEqual(
    [sample.span_s, sample.host.cpu_percent, sample.host.memory_available_mb],
    [null, null, 5],
  );
  assert.deepEqual(sample.host.errors, {
    cpu_percent: {
      code: 'wrong_value',
      text: 'expected percent, 0 to 100, or null, found Infinity',
    },
  });
  const { busy_percent: busy, queue_length: length, errors } = sample.services[SERVICE]!;
  assert.deepEqual([busy, length], [null, 9]);
  assert.match(errors?.['busy_percent']?.text ?? '', /found NaN$/);
});
