import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decideHeal, findDrift } from '../../src/decide/heal.ts';
import type { Decision, Sample, ServiceSample } from '../../src/model/types.ts';

const SERVICE = 'web.service';

function sampleOf(service: Partial<ServiceSample>, availableMb: number | null = 1000): Sample {
  const web = { workers: 4, running: 2, active: 'active', ...service };
  return {
    ...{ v: 1, kind: 'sample', at: '', boot: 'b', uptime_s: 100, span_s: 60 },
    host: { cpu_percent: 50, memory_available_mb: availableMb },
    services: { [SERVICE]: web },
  };
}

function decisionOf(rest: Partial<Decision> = {}): Decision {
  return {
    ...{ project: 'web', service: SERVICE, action: 'none', from: 4, to: 4, wanted: null },
    ...{ hold: null, reasons: [] },
    ...rest,
  };
}

describe('drift', () => {
  const rows: [name: string, service: Partial<ServiceSample>, isDrift: boolean][] = [
    ['fewer run than are declared', {}, true],
    ['more run than are declared', { running: 5 }, true],
    ['as many run', { running: 4 }, false],
    ['how many run is unknown', { running: null }, false],
    ['how many are declared is unknown', { workers: null }, false],
    ['a service that reloads is on its way', { active: 'reloading' }, false],
    ['a service that does not run has none', { active: 'failed', running: 0 }, false],
  ];
  for (const [name, service, isDrift] of rows) {
    test(name, () => assert.equal(findDrift(SERVICE, sampleOf(service)) !== null, isDrift));
  }
});

describe('a heal', () => {
  const ask = (decision: Partial<Decision>, sample = sampleOf({}), mb: number | null = null) => {
    const heal = decideHeal(decisionOf(decision), { memoryThresholdMb: mb }, sample);
    return heal === null ? null : [heal.from, heal.to];
  };
  test('brings what runs to what is declared', () => assert.deepEqual(ask({}), [2, 4]));
  test('also down', () => assert.deepEqual(ask({}, sampleOf({ running: 6 })), [6, 4]));
  test('not where a change is decided: that brings the pool along', () =>
    assert.equal(ask({ action: 'scale_up', to: 6 }), null));
  test('not while paused', () => assert.equal(ask({ hold: 'paused' }), null));
  test('a duration that is not reached does not hold it', () =>
    assert.deepEqual(ask({ hold: 'duration' }), [2, 4]));
  const costly = { memory_mb: 400 };
  test('not up where the memory for it does not remain', () =>
    assert.equal(ask({}, sampleOf(costly, 1000), 601), null));
  test('up where exactly what must remain remains', () =>
    assert.deepEqual(ask({}, sampleOf(costly, 1000), 600), [2, 4]));
  test('not up where memory is unknown and must remain', () =>
    assert.equal(ask({}, sampleOf(costly, null), 1), null));
  test('down whatever the memory', () =>
    assert.deepEqual(ask({}, sampleOf({ running: 6 }, 0), 1000), [6, 4]));
});
