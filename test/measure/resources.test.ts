import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { countCpus } from '../../src/host/cpu.ts';
import type { MeasureErrorCode } from '../../src/model/measure-error.ts';
import {
  measureGroupPressure,
  measureHostPressure,
  parsePressure,
} from '../../src/host/pressure.ts';
import { measureServiceCpu } from '../../src/measure/service-cpu.ts';

describe('the CPU of a service', () => {
  const unit = (cpuUsageNs: number | null) => ({ cpuUsageNs, controlGroup: '/none.service' });
  const rows: [
    name: string,
    of: {
      ns: number | null;
      since: Parameters<typeof measureServiceCpu>[1];
      startS: number | null;
    },
    cores: number | null,
    error: MeasureErrorCode | null,
  ][] = [
    [
      'is the average since the sample before',
      { ns: 9e9, since: { usageUs: 3e6, seconds: 4 }, startS: 99 },
      1.5,
      null,
    ],
    ['is unknown without one', { ns: 9e9, since: null, startS: 99 }, null, 'first_sample'],
    [
      'is unknown where that had no counter',
      { ns: 9e9, since: { usageUs: null, seconds: 4 }, startS: 99 },
      null,
      'first_sample',
    ],
    [
      'counts from the start after a restart',
      { ns: 1e9, since: { usageUs: 3e6, seconds: 4 }, startS: 2 },
      0.5,
      null,
    ],
    [
      'is unknown where nobody counts',
      { ns: null, since: { usageUs: 3e6, seconds: 4 }, startS: 99 },
      null,
      'no_cpu_accounting',
    ],
    [
      'is 0 where no time has passed',
      { ns: 3e9, since: { usageUs: 3e6, seconds: 0 }, startS: 99 },
      0,
      null,
    ],
  ];
  for (const [name, { ns, since, startS }, cores, error] of rows) {
    test(name, () => {
      const found = measureServiceCpu(unit(ns), since, startS);
      assert.deepEqual([found.cpu_cores, found.error?.code ?? null], [cores, error]);
      assert.equal(found.cpu_usage_us, ns === null ? null : ns / 1000);
    });
  }
});

describe('pressure', () => {
  test('the line of some counts, not that of full', () => {
    const text =
      'some avg10=1.00 avg60=2.00 avg300=3.25 total=4000000\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=7\n';
    assert.deepEqual(parsePressure(text), { totalUs: 4_000_000, avg300: 3.25 });
    assert.equal(parsePressure('what'), null);
  });

  test('is the share of the time since the sample before, by the kernel’s counter', () => {
    // a kernel without it is told by the next test but one
    if (!existsSync('/proc/pressure/cpu')) return;
    const total = (): number => parsePressure(readFileSync('/proc/pressure/cpu', 'utf8'))!.totalUs;
    const before = total();
    const counters = { pressure_us: { cpu_pressure: before - 1_000_000 } };
    const { values, errors } = measureHostPressure(['cpu_pressure'], { counters, seconds: 10 });
    const after = total();
    assert.deepEqual(errors, {});
    assert.ok(values.cpu_pressure! >= 10 && values.cpu_pressure! <= 10.01 + (after - before) / 1e5);
    assert.ok(values.pressure_us!.cpu_pressure! >= before);
  });

  test('without a sample before it is the kernel’s own average', () => {
    if (!existsSync('/proc/pressure/cpu')) return;
    const { values } = measureHostPressure(['memory_pressure', 'io_pressure'], null);
    assert.ok(typeof values.memory_pressure === 'number' && typeof values.io_pressure === 'number');
    assert.equal(values.cpu_pressure, undefined);
  });

  test('of a group that keeps none is null, which the host lacks', () => {
    const { values, errors } = measureGroupPressure(['cpu_pressure'], '/no such group', null);
    assert.equal(values.cpu_pressure, null);
    assert.equal(errors['cpu_pressure']?.code, 'no_group_pressure');
  });
});

test('processors are counted, not their sum', () => {
  assert.equal(countCpus('cpu  1 2\ncpu0 1 2\ncpu1 1 2\nintr 5\n'), 2);
});
