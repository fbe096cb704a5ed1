import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { MetricPolicy, Policy } from '../../../src/model/types.ts';
import { loadConfigFile } from '../../../src/config/file/load.ts';
import { toPolicies } from '../../../src/config/policy/policies.ts';
import { brakes } from '../../decide/series.ts';
import { LEGACY } from '../file/legacy.ts';
import { withShop, writeConfig } from '../write-config.ts';

const MAX = '"max_workers": 4';
const CPU = '"cpu_thresholds": { "scale_up_3": 70, "scale_down_1": 30, "scale_up_2": 60 }';

async function readPolicies(text: string): Promise<Policy[]> {
  return toPolicies((await loadConfigFile(writeConfig(text))).config);
}

describe('policies', () => {
  test('a project becomes a policy, its steps by workers', async () => {
    assert.deepEqual(await readPolicies(withShop([MAX, CPU, '"memory_threshold_mb": 500'])), [
      {
        project: 'shop',
        service: 'shop.service',
        minWorkers: 1,
        maxWorkers: 4,
        metrics: [
          {
            metric: 'cpu',
            up: [
              { workers: 2, threshold: 60 },
              { workers: 3, threshold: 70 },
            ],
            down: [{ workers: 1, threshold: 30 }],
            upMs: 120_000,
            downMs: 600_000,
          },
        ],
        memoryThresholdMb: 500,
        maxMemoryPressure: 10,
        memoryScaleDown: false,
        brakes: brakes({}),
      },
    ]);
  });

  test('what a service itself uses and waits for, or the host', async () => {
    const lines = [
      '"service_cpu_thresholds": { "scale_up_2": 250 }',
      '"service_cpu_duration_minutes": 3',
      '"io_pressure_thresholds": { "scale_up_3": 20 }',
      '"pressure_duration_minutes": { "scale_up": 5 }',
      '"min_own_cpu_share": 10',
    ];
    const [own] = await readPolicies(withShop([MAX, ...lines]));
    assert.deepEqual(
      own?.metrics.map(({ metric, upMs, downMs }) => [metric, upMs, downMs]),
      [
        ['service_cpu', 180_000, 180_000],
        ['io_pressure', 300_000, 600_000],
      ],
    );
    assert.equal(own.minOwnCpuShare, 10);
    const [host] = await readPolicies(withShop([MAX, ...lines, '"pressure_of": "host"']));
    assert.equal(host?.metrics[1]?.metric, 'host_io_pressure');
  });

  test('a disabled project has none', async () => {
    assert.deepEqual(await readPolicies(withShop(['"enabled": false', MAX, CPU])), []);
  });

  test('both metrics, each with its duration', async () => {
    const [policy] = await readPolicies(
      withShop([
        MAX,
        CPU,
        '"cpu_duration_minutes": 3',
        '"queue_thresholds": { "scale_up_4": 5 }',
        '"queue_duration_minutes": { "scale_up": 0.05 }',
        '"broker_url": "redis://h"',
      ]),
    );
    const durations = policy?.metrics.map(({ metric, upMs, downMs }) => [metric, upMs, downMs]);
    assert.deepEqual(durations, [
      ['cpu', 180_000, 180_000],
      ['queue', 3_000, 600_000],
    ]);
    assert.equal(policy?.memoryThresholdMb, null);
  });

  test('the form of before', async () => {
    const policies = await readPolicies(LEGACY);
    const queue: MetricPolicy = {
      metric: 'queue',
      up: [
        { workers: 4, threshold: 10 },
        { workers: 6, threshold: 20 },
        { workers: 12, threshold: 50 },
      ],
      down: [
        { workers: 2, threshold: 2 },
        { workers: 4, threshold: 5 },
      ],
      upMs: 120_000,
      downMs: 600_000,
    };
    assert.equal(policies.length, 6);
    assert.deepEqual(policies.at(-1), {
      project: 'celerycore',
      service: 'celerycore.service',
      minWorkers: 2,
      maxWorkers: 12,
      metrics: [queue],
      memoryThresholdMb: null,
      brakes: brakes({}),
    });
  });

  test('brakes: one number for both directions, or one for each', async () => {
    const read = async (...keys: string[]) =>
      (await readPolicies(withShop([MAX, CPU, ...keys])))[0]?.brakes;
    assert.deepEqual(
      await read('"warmup_seconds": 1.5', '"cooldown_minutes": 0.5', '"max_step": 2'),
      brakes({
        warmupMs: 1500,
        cooldownMs: { up: 30_000, down: 30_000 },
        maxStep: { up: 2, down: 2 },
      }),
    );
    assert.deepEqual(
      await read(
        '"cooldown_minutes": { "scale_down": 30 }',
        '"max_step": { "scale_up": 1 }',
        '"adaptive_scale_down": true',
      ),
      brakes({
        cooldownMs: { up: 0, down: 1_800_000 },
        maxStep: { up: 1, down: null },
        adaptiveScaleDown: true,
      }),
    );
  });
});
