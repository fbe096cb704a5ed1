import { test } from 'node:test';
import assert from 'node:assert/strict';
import { runCampaign } from '../faults/campaign.ts';

test('a sample of the fault campaign: whatever call fails or is the last one, the next run leaves all consistent', async (t) => {
  const tallies = await runCampaign({ every: 90, slots: 3 }, (line) => t.diagnostic(line));
  for (const { scenario, calls, injected, failures } of tallies) {
    assert.ok(calls > 50 && injected > 1, `${scenario}: ${calls} calls, ${injected} faults`);
    assert.deepEqual(failures, [], scenario);
  }
});
