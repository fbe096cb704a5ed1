import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { measureMemory, parseMemory } from '../../src/host/memory.ts';

const MEMORY = 'MemTotal:        4049428 kB\nMemFree:    1 kB\nMemAvailable:    2097152 kB\n';

describe('the lines of /proc/meminfo', () => {
  test('are MB to the tenth; swap is what is not free of it', () => {
    assert.deepEqual(parseMemory(`${MEMORY}SwapTotal: 2048 kB\nSwapFree: 512 kB\n`), {
      ...{ availableMb: 2048, totalMb: 3954.5, swapMb: 1.5 },
    });
  });
  test('a kernel without swap has none in use', () => {
    assert.equal(parseMemory(MEMORY).swapMb, 0);
  });
  test('without what is available they are a fault', () => {
    assert.throws(() => parseMemory('MemTotal: 1 kB\n'), /no lines "MemTotal" and "MemAvailable"/);
  });
  test('are there on this machine', () => {
    const { availableMb, totalMb } = measureMemory();
    assert.ok(totalMb > availableMb && availableMb > 0);
  });
});
