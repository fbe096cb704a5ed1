import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkConfig } from '../../src/config/file/check.ts';
import { takeSample } from '../../src/measure/sample.ts';
import { TARGET } from '../../src/targets/registry.ts';
import type { UnitState } from '../../src/model/unit-state.ts';

const thresholds = { cpu_thresholds: { scale_up_2: 90 }, memory_threshold_mb: 100 };
const CONFIG = {
  projects: {
    hostile: { max_workers: 2, ...thresholds },
    shop: { max_workers: 2, ...thresholds },
  },
};

const unitOf = (unit: string): UnitState => ({
  ...{ unit, id: unit, loadState: 'loaded', loadError: null, activeState: 'active' },
  ...{
    subState: 'running',
    unitFileState: null,
    type: null,
    cpuQuotaCores: null,
    memoryMaxBytes: null,
    memoryHighBytes: null,
    mainPid: null,
    controlGroup: null,
  },
  ...{ fragmentPath: null, dropInPaths: [], environmentFiles: [] },
  ...{ workingDirectory: null, nRestarts: 0, mainStartUs: null, needDaemonReload: false },
  ...{ cpuUsageNs: null, result: null, invocationId: null },
});

test('a bug that one service brings out is an error of that service, and others are measured', async () => {
  const { config } = await checkConfig('c.json', Buffer.from(JSON.stringify(CONFIG)));
  const names = ['hostile.service', 'shop.service'];
  const { sample } = await takeSample({
    config,
    units: new Map(names.map((name) => [name, unitOf(name)])),
    previous: null,
    memory: TARGET.remember(),
    mayGrow: (_, service) => {
      if (service === 'hostile.service') throw new RangeError(`no character\n${'9'.repeat(9999)}`);
      return false;
    },
  });
  const { code, text = '' } = sample.services['hostile.service']?.errors?.['workers'] ?? {};
  assert.equal(code, 'bug');
  assert.match(text, /^this is a bug in autoscaler, please report it: no character 9+…$/);
  assert.equal(text.length, 500);
  assert.match(
    sample.services['shop.service']?.errors?.['workers']?.text ?? '',
    /has no unit file/,
  );
});
