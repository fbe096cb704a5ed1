import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { Sample } from '../../src/model/types.ts';
import type { Clocks } from '../../src/model/clocks.ts';
import type { Dated } from '../../src/state/dates.ts';
import { appendEntries, historyPath, readSince, visitSince } from '../../src/state/history.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'autoscaler-since-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const MINUTE = 60_000;
const T0 = Date.UTC(2026, 10, 24, 12);

/** A sample at so many minutes after T0 by the wall clock and so many of uptime. */
function sample(boot: string, uptimeM: number, wallM: number): Sample {
  return {
    ...{ v: 1, kind: 'sample', at: new Date(T0 + wallM * MINUTE).toISOString(), boot },
    ...{ uptime_s: uptimeM * 60, span_s: 60, services: { 'shop.service': { workers: 2 } } },
    host: { cpu_percent: 50, memory_available_mb: 1000 },
  };
}

/** Minutes after T0 of what is found since then. */
function find(sinceM: number, now: Clocks): number[] {
  const { entries } = readSince(dir, T0 + sinceM * MINUTE, now);
  return entries.map(({ atMs }) => (atMs - T0) / MINUTE);
}

const nowAt = (boot: string, uptimeM: number, wallM: number): Clocks => ({
  ...{ boot, uptimeS: uptimeM * 60, ms: T0 + wallM * MINUTE },
});

describe('the history since a moment', () => {
  test('goes on through reboots, oldest first', () => {
    appendEntries(dir, [
      ...[sample('b1', 10, 0), sample('b1', 12, 2), sample('b2', 1, 8), sample('b2', 3, 10)],
    ]);
    assert.deepEqual(find(1, nowAt('b2', 4, 11)), [2, 8, 10]);
    assert.deepEqual(find(-100, nowAt('b3', 1, 20)), [0, 2, 8, 10]);
  });

  test('is handed to a visitor the newest first', () => {
    appendEntries(dir, [sample('b1', 10, 0), sample('b1', 12, 2), sample('b2', 1, 8)]);
    const minutes: number[] = [];
    const visit = ({ atMs }: Dated): number => minutes.push((atMs - T0) / MINUTE);
    assert.deepEqual(visitSince(dir, T0 + MINUTE, nowAt('b2', 4, 11), visit), []);
    assert.deepEqual(minutes, [8, 2]);
  });

  test('a wall clock that was set back or forward bends no time', () => {
    // it was two hours ahead until it was set right after the second sample
    appendEntries(dir, [
      ...[sample('b1', 10, 120), sample('b1', 12, 122), sample('b1', 14, 4), sample('b1', 16, 6)],
    ]);
    assert.deepEqual(find(-100, nowAt('b1', 17, 7)), [0, 2, 4, 6]);
    assert.deepEqual(find(1, nowAt('b1', 17, 7)), [2, 4, 6]);
    // now a reboot, and the clock says 1970: nothing is later than now
    assert.deepEqual(find(-1e9, nowAt('b2', 1, -1000)).at(-1), -1000);
  });

  test('torn and foreign lines are left out with a warning, what is before them is found', () => {
    appendEntries(dir, [sample('b1', 10, 0)]);
    appendFileSync(historyPath(dir), '{"v":1,"kind":"sam\nnonsense\n');
    appendEntries(dir, [sample('b1', 12, 2)]);
    const { entries, warnings } = readSince(dir, 0, nowAt('b1', 13, 3));
    assert.equal(entries.length, 2);
    assert.match(warnings.join(), /2 lines are not entries/);
  });

  test('older files count too', () => {
    appendEntries(dir, [sample('b1', 10, 0)]);
    renameSync(historyPath(dir), `${historyPath(dir)}.1`);
    appendEntries(dir, [sample('b1', 12, 2)]);
    assert.deepEqual(find(-1, nowAt('b1', 13, 3)), [0, 2]);
  });

  test('there may be none', () => assert.deepEqual(find(-1, nowAt('b1', 1, 1)), []));

  test('no more of a file is read than is asked for', () => {
    const many = Array.from({ length: 5000 }, (_, index) => sample('b1', index, index));
    appendEntries(dir, many);
    // counted, not timed: the bytes that this process has read, see proc_pid_io(5)
    const bytesRead = (): number =>
      Number(/^rchar: (\d+)/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1]);
    const before = bytesRead();
    assert.equal(find(4989.5, nowAt('b1', 5000, 5000)).length, 10);
    const bytes = bytesRead() - before;
    assert.ok(bytes <= 2 * 64 * 1024, `${bytes} bytes`);
  });
});
