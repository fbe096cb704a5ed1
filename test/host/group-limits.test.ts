import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, test } from 'node:test';
import { readCpuQuota, readMemoryGroups, readOomKills } from '../../src/host/group-limits.ts';

const GROUP = '/tenants.slice/tenants-alice.slice/web.service';
const MB = 2 ** 20;

/** The unit, and files below /sys/fs/cgroup by path and content as the kernel writes it. */
interface Case {
  name: string;
  unit?: { memoryMaxBytes?: number; memoryHighBytes?: number; cpuQuotaCores?: number };
  down?: boolean;
  files?: Record<string, string>;
  groups?: [group: string, what: string, limit: number, used: number | null][];
  quota?: [group: string, cores: number] | null;
}

const folder = mkdtempSync(join(tmpdir(), 'autoscaler-groups-'));
after(() => rmSync(folder, { recursive: true }));

let made = 0;
function makeRoot(files: Record<string, string>): string {
  const root = join(folder, String(made++));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), `${text}\n`);
  }
  return root;
}

const CASES: Case[] = [
  { name: 'nothing is limited', files: { [`${GROUP}/memory.max`]: 'max' } },
  {
    name: 'the group has a limit: its use counts without file cache that is not in use',
    files: {
      [`${GROUP}/memory.max`]: String(300 * MB),
      [`${GROUP}/memory.high`]: 'max',
      [`${GROUP}/memory.current`]: String(200 * MB),
      [`${GROUP}/memory.stat`]: `anon 1\ninactive_file ${50 * MB}\nactive_file 9`,
    },
    groups: [[GROUP, 'MemoryMax', 300, 150]],
  },
  {
    name: 'memory.high below memory.max is the limit',
    files: {
      [`${GROUP}/memory.max`]: String(300 * MB),
      [`${GROUP}/memory.high`]: String(250 * MB),
      [`${GROUP}/memory.current`]: String(MB),
    },
    groups: [[GROUP, 'MemoryHigh', 250, 1]],
  },
  {
    name: 'the groups above it limit it too, innermost first',
    unit: { memoryMaxBytes: 300 * MB },
    files: {
      [`${GROUP}/memory.max`]: String(300 * MB),
      [`${GROUP}/memory.current`]: String(10 * MB),
      '/tenants.slice/memory.max': String(500 * MB),
      '/tenants.slice/memory.current': String(400 * MB),
      '/tenants.slice/tenants-alice.slice/memory.max': 'max',
    },
    groups: [
      [GROUP, 'MemoryMax', 300, 10],
      ['/tenants.slice', 'MemoryMax', 500, 400],
    ],
  },
  {
    name: 'where the kernel does not say it, the settings of the unit',
    unit: { memoryMaxBytes: 300 * MB, memoryHighBytes: 400 * MB },
    groups: [['web.service', 'MemoryMax', 300, null]],
  },
  {
    name: 'a service that is down too',
    down: true,
    unit: { memoryHighBytes: 100 * MB },
    groups: [['web.service', 'MemoryHigh', 100, null]],
  },
  {
    name: 'a quota of half a processor',
    files: { [`${GROUP}/cpu.max`]: '50000 100000' },
    quota: [GROUP, 0.5],
  },
  {
    name: 'the tightest quota counts, here that of a slice',
    unit: { cpuQuotaCores: 2 },
    files: { [`${GROUP}/cpu.max`]: '200000 100000', '/tenants.slice/cpu.max': '150000 100000' },
    quota: ['/tenants.slice', 1.5],
  },
  {
    name: 'no quota',
    files: { [`${GROUP}/cpu.max`]: 'max 100000', '/tenants.slice/cpu.max': 'nonsense' },
  },
  { name: 'the quota of a unit alone', unit: { cpuQuotaCores: 0.5 }, quota: ['web.service', 0.5] },
];

describe('limits of a control group', () => {
  for (const { name, unit, down, files = {}, groups = [], quota = null } of CASES) {
    test(name, () => {
      const root = makeRoot(files);
      const limited = {
        ...{ unit: 'web.service', controlGroup: down === true ? null : GROUP },
        ...{ memoryMaxBytes: null, memoryHighBytes: null, cpuQuotaCores: null, ...unit },
      };
      const found = readMemoryGroups(limited, root);
      assert.deepEqual(
        found.map(({ group, what, limit_mb, used_mb }) => [group, what, limit_mb, used_mb]),
        groups,
      );
      const cpu = readCpuQuota(limited, root);
      assert.deepEqual(cpu === null ? null : [cpu.group, cpu.cores], quota);
    });
  }

  test('processes that the kernel has ended for lack of memory', () => {
    const path = `${GROUP}/memory.events`;
    const root = makeRoot({ [path]: 'low 0\nhigh 3\nmax 7\noom 2\noom_kill 5\noom_group_kill 0' });
    assert.equal(readOomKills(GROUP, root), 5);
    assert.equal(readOomKills(null, root), null);
    assert.equal(readOomKills('/other.service', root), null);
  });
});
