import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compareTicks, measureCpu, parseCpuTicks, readCpuTicks } from '../../src/host/cpu.ts';

const ticks = (total: number, idle: number, steal = 0) => ({ total, idle, steal });

describe('the counters of /proc/stat', () => {
  test('waiting for a disk is idle, guests are within user time', () => {
    const stat = 'cpu  100 20 30 400 50 6 7 8 90 10\ncpu0 1 1 1 1 1 1 1 1 1 1\n';
    assert.deepEqual(parseCpuTicks(stat), ticks(621, 450, 8));
  });
  test('an old kernel without steal has none', () => {
    assert.deepEqual(parseCpuTicks('cpu  1 2 3 4\n'), ticks(10, 4, 0));
  });
  test('a file without counters is a fault', () => {
    assert.throws(() => parseCpuTicks('intr 1\n'), /no line "cpu"/);
    assert.throws(() => parseCpuTicks('cpu  x\n'), /no line "cpu"/);
  });
  test('are there on this machine, and grow', () => {
    const { total, idle } = readCpuTicks();
    assert.ok(total > idle && idle > 0);
  });
});

describe('the share between two readings', () => {
  const before = ticks(1000, 500, 10);
  const rows: [
    name: string,
    after: ReturnType<typeof ticks>,
    percent: number | null,
    steal: number | null,
  ][] = [
    ['all idle', ticks(1200, 700, 10), 0, 0],
    ['all busy', ticks(1200, 500, 10), 100, 0],
    ['a quarter busy', ticks(1200, 650, 10), 25, 0],
    ['steal is neither busy nor idle', ticks(1200, 600, 30), 40, 10],
    ['hundredths are kept', ticks(4000, 3499, 10), 0.03, 0],
    ['no time has passed', ticks(1000, 500, 10), null, null],
    ['all went backwards, as with a new kernel', ticks(10, 5, 0), null, null],
    ['idle went backwards, as with a processor taken out', ticks(1100, 400, 10), null, null],
    ['steal went backwards', ticks(1100, 550, 9), null, null],
  ];
  for (const [name, after, percent, steal] of rows) {
    test(name, () => {
      const use = compareTicks(before, after);
      assert.deepEqual([use.percent, use.stealPercent], [percent, steal]);
      assert.equal(use.error === null, percent !== null);
      assert.deepEqual(use.ticks, after);
    });
  }
});

test('without counters of before it looks for half a second', async () => {
  const start = performance.now();
  const { percent, error } = await measureCpu(null);
  const tookMs = performance.now() - start;
  assert.ok(tookMs >= 490 && tookMs < 15_000, `${tookMs} ms`);
  assert.equal(error, null);
  assert.ok(percent !== null && percent >= 0 && percent <= 100);
});
