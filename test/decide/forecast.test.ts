import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { forecast } from '../../src/decide/forecast.ts';
import { listThresholds } from '../../src/decide/evidence/thresholds.ts';
import { measureError } from '../../src/model/measure-error.ts';
import type { Policy } from '../../src/model/types.ts';
import {
  brakes,
  history,
  mapSamples,
  metricPolicy,
  policy,
  SERVICE,
  type Series,
} from './series.ts';

const INTERVAL_MS = 120_000;
const CPU = metricPolicy('cpu', '3>80 1<30', [4, 10]);

/** `3 in 2 m`, or `none`. */
function tell(series: Series, fields: Partial<Policy> = {}, horizonM = 60): string {
  const of = policy([CPU], fields);
  const input = { policiesAt: () => [of], history: history(series), checkIntervalMs: INTERVAL_MS };
  const found = forecast(input, SERVICE, horizonM * 60_000);
  return found === null ? 'none' : `${found.decision.to} in ${found.afterMs / 60_000} m`;
}

describe('what would follow if nothing changed', () => {
  const rows: [name: string, told: string, series: Series, fields?: Partial<Policy>][] = [
    ['the rest of the up duration', '3 in 2 m', { cpu: '50 90' }],
    ['the rest of the down duration', '1 in 8 m', { cpu: '50 20' }],
    ['a value within the thresholds leads nowhere', 'none', { cpu: '50 50' }],
    ['a value equal to the threshold leads nowhere', 'none', { cpu: '50 80' }],
    ['a change makes the duration start over', '3 in 4 m', { cpu: '90x4', workers: '1x3 2' }],
    [
      'an action after the last sample makes it start over, from the new count',
      '1 in 10 m',
      { cpu: '20x6', workers: 3, actions: [{ after: 5, from: 3, to: 2, action: 'scale_down' }] },
    ],
    [
      'a cooldown has to be over',
      '3 in 10 m',
      { cpu: '90x2', actions: [{ after: 1, from: 1, to: 2 }] },
      { brakes: brakes({ cooldownMs: { up: 600_000, down: 0 } }) },
    ],
    ['a limit that is reached leads nowhere', 'none', { cpu: '90x3', workers: 10 }],
  ];
  for (const [name, told, series, fields] of rows) {
    test(name, () => assert.equal(tell(series, fields), told));
  }
  test('not beyond the horizon', () => assert.equal(tell({ cpu: '50 20' }, {}, 7), 'none'));
  test('nothing was recorded', () => {
    const input = { policiesAt: () => [policy([CPU])], history: [], checkIntervalMs: INTERVAL_MS };
    assert.equal(forecast(input, SERVICE, 1e7), null);
  });
  test('a window of time that opens meanwhile counts from then on', () => {
    const policiesAt = (afterMs: number): Policy[] => [
      policy([CPU], afterMs < 7 * 60_000 ? {} : { minWorkers: 3, schedule: 'office' }),
    ];
    const input = { policiesAt, history: history({ cpu: '50 50' }), checkIntervalMs: INTERVAL_MS };
    const found = forecast(input, SERVICE, 3_600_000);
    assert.deepEqual([found?.afterMs, found?.decision.to], [8 * 60_000, 3]);
  });
});

describe('each threshold', () => {
  /** `up 3>80 240/240!`: held and needed seconds, `!` reached, `-` not crossed. */
  const list = (series: Series): string[] => {
    const input = { history: history(series), checkIntervalMs: INTERVAL_MS };
    return listThresholds(input, policy([CPU])).flatMap(({ thresholds }) =>
      thresholds.map(
        ({ direction, workers, threshold, crossed, heldMs, neededMs, reached }) =>
          `${direction} ${workers}@${threshold} ${heldMs / 1000}/${neededMs / 1000}${reached ? '!' : crossed ? '' : '-'}`,
      ),
    );
  };
  test('is told with how long it has held, also where it leads nowhere', () => {
    assert.deepEqual(list({ cpu: '90x4', workers: 5 }), ['up 3@80 240/240!', 'down 1@30 0/600-']);
    assert.deepEqual(list({ cpu: '50 20', workers: 1 }), ['up 3@80 0/240-', 'down 1@30 120/600']);
  });
  test('a metric that is missing says why', () => {
    const entries = mapSamples(history({ cpu: '?' }), (sample) => ({
      ...sample,
      host: {
        ...sample.host,
        errors: { cpu_percent: measureError('host_unreadable', 'no /proc') },
      },
    }));
    const [state] = listThresholds(
      { history: entries, checkIntervalMs: INTERVAL_MS },
      policy([CPU]),
    );
    assert.equal(state?.error?.text, 'no /proc');
    assert.ok(state.thresholds.every(({ crossed, heldMs }) => !crossed && heldMs === 0));
  });
});
