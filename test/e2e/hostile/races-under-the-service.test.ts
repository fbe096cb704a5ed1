import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Lab } from '../../lab/lab.ts';
import { race, startUnderService, startRaceHost } from './races.ts';

describe(
  'files that are exchanged while root works on them, under the service',
  { timeout: 400_000 },
  () => {
    let lab: Lab;
    before(async () => {
      lab = await startRaceHost();
    });
    after(() => lab.stop());

    test('nobody gets a privileged file, nothing of the system changes, the others are served', async () => {
      const { damage, runs, opens } = await race(lab, (script) => startUnderService(lab, script));
      const nothing = { privileged: [], changed: [], foreign: [], spread: [], shown: [] };
      assert.deepEqual(damage, nothing);
      // that it was a race at all
      assert.ok(runs >= 1);
      assert.ok(opens['bob']! > 0 && opens['carol']! > 0, JSON.stringify(opens));
    });
  },
);
