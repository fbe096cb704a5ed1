import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findMetricError } from '../../src/metrics/missing.ts';
import { dropWrongValues } from '../../src/metrics/sample-checks.ts';
import type { Metric } from '../../src/metrics/metric.ts';
import type { Sample } from '../../src/model/types.ts';

/** What each metric must do. `sample` makes one in which all that is measured of `service` and of the host is known. */
export function checkMetric(metric: Metric, sample: () => Sample, service: string): void {
  const { name, unit, fields, exported, thresholds, of, read } = metric;

  test('is read from a sample, and null where any of its fields is missing', () => {
    assert.equal(typeof read(sample(), service), 'number');
    for (const key of Object.keys(fields)) {
      const found = sample();
      const part = of === 'host' ? found.host : found.services[service];
      Object.assign(part ?? {}, { [key]: null });
      assert.equal(read(found, service), null, key);
    }
    if (of === 'service') assert.equal(read({ ...sample(), services: {} }, service), null);
  });

  test('why it is missing has a code, also where an older version has recorded it', () => {
    const found = sample();
    const part = (of === 'host' ? found.host : found.services[service])!;
    for (const key of Object.keys(fields)) Object.assign(part, { [key]: null });
    assert.equal(findMetricError(found, service, name).code, 'not_sampled');
    const [key] = Object.keys(fields);
    Object.assign(part, { errors: { [key!]: 'no /proc' } });
    dropWrongValues(found);
    assert.deepEqual(findMetricError(found, service, name), { code: 'unknown', text: 'no /proc' });
  });

  test('has names by the conventions', () => {
    assert.match(name, /^[a-z_+]+$/);
    assert.match(exported.column, /^[a-z_]+$/);
    assert.match(exported.family, /^[a-z_]+$/);
    assert.match(exported.help, /^[A-Z].*\.$/);
    // base units: https://prometheus.io/docs/practices/naming/
    assert.equal(exported.family.endsWith('_ratio'), unit === ' %');
    assert.equal(exported.family.endsWith('_seconds'), unit === ' s');
    assert.equal(exported.family.startsWith('host_'), of === 'host');
    assert.match(thresholds.key, /_thresholds$/);
    assert.match(thresholds.durationKey, /_duration_minutes$/);
  });
}
