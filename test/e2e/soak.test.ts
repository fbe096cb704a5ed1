import { test } from 'node:test';
import assert from 'node:assert/strict';
import { runSoak } from '../soak/soak.ts';

test('a short soak: changes and kills at random, and nothing is lost, broken or left behind', async (t) => {
  const seed = Date.now() % 1_000_000;
  const { faults, ...numbers } = await runSoak({ changes: 9, seed }, () => undefined);
  t.diagnostic(JSON.stringify(numbers));
  assert.deepEqual(faults, [], `seed ${seed}`);
  assert.ok(numbers.applied >= 3, JSON.stringify(numbers));
});
