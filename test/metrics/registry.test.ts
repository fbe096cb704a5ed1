import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { renderCsv } from '../../src/commands/history/csv.ts';
import { exportMetrics } from '../../src/commands/run/run-metrics.ts';
import { projectSchema } from '../../src/config/schema/schema.ts';
import { ALL_METRICS } from '../../src/metrics/registry.ts';
import { dropWrongValues } from '../../src/metrics/sample-checks.ts';
import { SINGLE_VALUES } from '../../src/metrics/single-values.ts';
import type { RecordedSeries } from '../../src/commands/shared/recorded-series.ts';
import type { ServiceReport } from '../../src/commands/run/run-report.ts';
import type { Sample } from '../../src/model/types.ts';
import { checkMetric } from '../contract/metric.ts';

const SERVICE = 'shop.service';
const PRESSURES = { cpu_pressure: 1, memory_pressure: 2, io_pressure: 3 };
const sample = (): Sample => ({
  ...{ v: 1, kind: 'sample', at: '2026-11-24T10:00:00.000Z', boot: 'a', uptime_s: 9, span_s: 5 },
  host: { cpu_percent: 25, memory_available_mb: 512, ...PRESSURES },
  services: {
    [SERVICE]: {
      ...{ workers: 2, queue_length: 17, unacked: 4, running_tasks: 1, drain_time_s: 8 },
      ...{ busy_percent: 60, backlog: 5, cpu_cores: 1.5, ...PRESSURES },
    },
  },
});

const csv = renderCsv({
  samples: [{ atMs: 0, sample: sample() }],
  changes: [],
  projects: [{ project: 'shop', service: SERVICE }],
} as unknown as RecordedSeries);
const [header = [], row = []] = csv.split('\r\n').map((line) => line.split(','));
const services = [{ project: 'shop', service: SERVICE } as ServiceReport];
const { families } = exportMetrics(
  {
    report: { at: '', dry_run: false, host: sample().host, services },
    ...{ sample: sample(), policies: [], version: '0', atS: 0, durationS: 0 },
  },
  {},
);

describe('the CSV keeps its first columns, in their order', () => {
  test('what is new comes behind', () => {
    const first = [
      'kind,at,project,service,cpu_percent,memory_available_mb,workers,running,memory_mb',
      'queue_length,hold,action,from,to,result,reason',
    ].join(',');
    assert.ok(csv.startsWith(`${first},`), csv);
  });
});

describe('names are unique', () => {
  test('of metrics, columns and series', () => {
    const of = (read: (each: (typeof ALL_METRICS)[number]) => string) =>
      new Set(ALL_METRICS.map(read)).size;
    const { length } = ALL_METRICS;
    assert.deepEqual(
      [of(({ name }) => name), of((m) => m.exported.column), of((m) => m.exported.family)],
      [length, length, length],
    );
  });
});

for (const metric of ALL_METRICS) {
  const { name, exported, thresholds, of, unit } = metric;
  describe(name, () => {
    checkMetric(metric, sample, SERVICE);

    test('is a value of `metrics`', () => assert.ok(SINGLE_VALUES.has(name)));

    test('has its keys in the config', () => {
      const keys = Object.keys(projectSchema._zod.def.shape);
      assert.ok(keys.includes(thresholds.key) && keys.includes(thresholds.durationKey));
    });

    test('is a column of the CSV and a series of the textfile, the same value in base units', () => {
      const value = Number(row[header.indexOf(exported.column)]);
      assert.ok(Number.isFinite(value) && value > 0, `${exported.column}: ${value}`);
      const family = families.find((each) => each.name === `autoscaler_${exported.family}`);
      assert.equal(family?.type, 'gauge');
      assert.equal(family.series[0]?.value, unit === ' %' ? value / 100 : value);
      const labels = of === 'host' ? {} : { project: 'shop', service: SERVICE };
      assert.deepEqual(family.series[0]?.labels, labels);
    });

    test('is checked where the history is read', () => {
      for (const key of Object.keys(metric.fields)) {
        const found = sample();
        const part = (of === 'host' ? found.host : found.services[SERVICE]) as object;
        Object.assign(part, { [key]: -1 });
        dropWrongValues(found);
        assert.equal(metric.read(found, SERVICE), null, key);
      }
    });

    test('is in the documentation', () => {
      const doc = (file: string) =>
        readFileSync(new URL(`../../docs/${file}`, import.meta.url), 'utf8');
      const line = `| \`${name}\` | \`${exported.column}\` | \`autoscaler_${exported.family}\` |`;
      assert.ok(doc('metrics.md').includes(line), line);
    });
  });
}
