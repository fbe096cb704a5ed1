import { test } from 'node:test';
import assert from 'node:assert/strict';
import { runCampaign } from '../faults/campaign.ts';

/** One of each kind: what is written, what is done to the service, by whom the change is ended. */
const SAMPLED = [
  'Gunicorn that does not start with the new number',
  'a rollback',
  'live: Celery up by remote control',
  'recovery: a live change that died between two signals is finished',
];

test('a sample of the fault campaign: whatever call fails or is the last one, the next run leaves all consistent', async (t) => {
  const isWanted = (name: string) => SAMPLED.includes(name);
  const tallies = await runCampaign({ every: 90, slots: 3, isWanted }, (line) =>
    t.diagnostic(line),
  );
  assert.equal(tallies.length, SAMPLED.length);
  for (const { scenario, calls, injected, failures } of tallies) {
    assert.ok(calls > 50 && injected > 0, `${scenario}: ${calls} calls, ${injected} faults`);
    assert.deepEqual(failures, [], scenario);
  }
});
