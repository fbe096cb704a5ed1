import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { loadConfigFile } from '../../../src/config/file/load.ts';
import { readLimits } from '../../../src/config/policy/limits-at.ts';
import { listLimits, tellLimits } from '../../../src/config/policy/limits.ts';
import { readPoliciesAt } from '../../../src/config/policy/policies-at.ts';
import { openWindow } from '../../../src/config/policy/schedules.ts';
import { decide } from '../../../src/decide/decide.ts';
import { explainDecision } from '../../../src/decide/explain.ts';
import { startSimulation } from '../../../src/decide/simulate.ts';
import { history } from '../../decide/series.ts';
import { withShop, writeConfig } from '../write-config.ts';

const MADRID = 'Europe/Madrid';
const NEW_YORK = 'America/New_York';

/** A window from `start` to `end`, and moments before and after its edges: [UTC, open]. */
const ROWS: [name: string, window: [string, string, string], moments: [string, boolean][]][] = [
  [
    'it is open from its start on, and at its end no longer',
    ['0 8 * * MON-FRI', '30 17 * * MON-FRI', MADRID],
    [
      ['2026-11-24T06:59:59Z', false],
      ['2026-11-24T07:00:00Z', true],
      ['2026-11-24T16:29:59Z', true],
      ['2026-11-24T16:30:00Z', false],
      ['2026-11-28T09:00:00Z', false],
    ],
  ],
  [
    'summer time is followed',
    ['0 8 * * *', '0 17 * * *', MADRID],
    [
      ['2026-07-01T05:59:00Z', false],
      ['2026-07-01T06:00:00Z', true],
      ['2026-07-01T15:00:00Z', false],
    ],
  ],
  [
    'over midnight',
    ['0 22 * * *', '0 6 * * *', NEW_YORK],
    [
      ['2026-11-24T02:59:00Z', false],
      ['2026-11-24T03:00:00Z', true],
      ['2026-11-24T10:59:00Z', true],
      ['2026-11-24T11:00:00Z', false],
    ],
  ],
  [
    'Madrid goes forward: a start at 02:30, which there is not, is at 03:00',
    ['30 2 * * *', '0 5 * * *', MADRID],
    [
      ['2026-03-29T00:59:00Z', false],
      ['2026-03-29T01:00:00Z', true],
      ['2026-03-29T02:59:00Z', true],
      ['2026-03-29T03:00:00Z', false],
    ],
  ],
  [
    'Madrid goes back: a start at 02:30, which comes twice, is at the first, and once',
    ['30 2 * * *', '0 5 * * *', MADRID],
    [
      ['2026-10-25T00:29:00Z', false],
      ['2026-10-25T00:30:00Z', true],
      ['2026-10-25T01:15:00Z', true],
      ['2026-10-25T03:59:00Z', true],
      ['2026-10-25T04:00:00Z', false],
    ],
  ],
  [
    'New York goes forward: an end at 02:30, which there is not, is at 03:00',
    ['0 1 * * *', '30 2 * * *', NEW_YORK],
    [
      ['2026-03-08T05:59:00Z', false],
      ['2026-03-08T06:00:00Z', true],
      ['2026-03-08T06:59:00Z', true],
      ['2026-03-08T07:00:00Z', false],
    ],
  ],
  [
    'New York goes back: an end at 01:30, which comes twice, is at the first',
    ['0 0 * * *', '30 1 * * *', NEW_YORK],
    [
      ['2026-11-01T04:00:00Z', true],
      ['2026-11-01T05:29:00Z', true],
      ['2026-11-01T05:30:00Z', false],
      ['2026-11-01T06:15:00Z', false],
    ],
  ],
];

describe('a window of time', () => {
  for (const [name, [start, end, timezone], moments] of ROWS) {
    test(name, () => {
      const isOpen = openWindow({ start, end, timezone });
      const ask = (list: typeof moments) => list.map(([at]) => [at, isOpen(new Date(at))]);
      assert.deepEqual(ask(moments), moments);
      // what was found last does not depend on the order in which it is asked
      assert.deepEqual(ask(moments.toReversed()), moments.toReversed());
    });
  }

  test('a moment that is none is in no window', () => {
    assert.equal(openWindow({ start: '0 0 * * *', end: '0 0 1 1 *' })(new Date('slot 3')), false);
  });
});

const SHOP = withShop([
  '"max_workers": 4',
  '"cpu_thresholds": { "scale_up_6": 80 }',
  `"schedules": [
    { "name": "office", "start": "0 8 * * *", "end": "0 18 * * *", "timezone": "UTC", "min_workers": 3 },
    { "start": "0 0 * * *", "end": "0 12 * * *", "timezone": "UTC", "max_workers": 6 } ]`,
]);

describe('schedules of a project', () => {
  const read = async () => readPoliciesAt((await loadConfigFile(writeConfig(SHOP))).config);

  test('the first window that is open sets the limits, what it leaves out is the project’s', async () => {
    const at = await read();
    const limits = (time: string) => {
      const [policy] = at(new Date(`2026-11-24T${time}Z`));
      return [policy?.minWorkers, policy?.maxWorkers, policy?.schedule];
    };
    assert.deepEqual(limits('07:00:00'), [1, 6, '0 0 * * * to 0 12 * * *']);
    assert.deepEqual(limits('09:00:00'), [3, 4, 'office']);
    assert.deepEqual(limits('19:00:00'), [1, 4, undefined]);
  });

  test('by hand and in check, too: the limits of a moment, or all that it ever has', async () => {
    const { config } = await loadConfigFile(writeConfig(SHOP));
    const shop = config.projects['shop']!;
    const tell = async (time: string) =>
      tellLimits(await readLimits(shop, new Date(`2026-11-24T${time}Z`)));
    assert.equal(await tell('09:00:00'), '3 to 4 workers (schedule "office")');
    assert.equal(await tell('19:00:00'), '1 to 4 workers');
    assert.deepEqual(listLimits(shop).map(tellLimits), [
      '1 to 4 workers',
      '3 to 4 workers (schedule "office")',
      '1 to 6 workers (schedule "0 0 * * * to 0 12 * * *")',
    ]);
  });

  test('a limit that comes of a window is told with it', async () => {
    const policies = (await read())(new Date('2026-11-24T09:00:00Z'));
    const [decision] = decide({
      policies,
      history: history({ cpu: '50x3' }),
      checkIntervalMs: 120_000,
    });
    assert.equal(
      explainDecision(decision!),
      '2 workers, fewer than min_workers 3; schedule "office" sets 3 to 4 workers → 3 workers',
    );
  });

  test('a simulation asks at the time of each sample', async () => {
    const simulation = startSimulation(await read(), 120_000);
    const at = (time: string, entry: ReturnType<typeof history>[number]) =>
      simulation.push({ ...entry, at: `2026-11-24T${time}Z` })?.decisions[0]?.to;
    const [first, second] = history({ cpu: '50x2' });
    assert.equal(at('07:59:00', first!), 2);
    assert.equal(at('08:01:00', second!), 3);
  });
});
