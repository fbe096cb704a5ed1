import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import pino from 'pino';
import { writeTextfile } from '../../../src/commands/run/textfile.ts';
import type { Policy, Sample } from '../../../src/model/types.ts';
import type { RunReport, ServiceReport } from '../../../src/commands/run/run-report.ts';

const service = (fields: Partial<ServiceReport>): ServiceReport => ({
  ...{ project: 'shop', service: 'shop.service', kind: 'gunicorn', workers: 2, running: 2 },
  ...{ action: 'none', from: 2, to: 2, wanted: null, applied: false, hold: null, codes: [] },
  ...{ reason: '', error: null, ...fields },
});
const sample: Sample = {
  ...{ v: 1, kind: 'sample', at: '2026-11-24T10:00:00.000Z', boot: 'a', uptime_s: 9, span_s: 5 },
  host: { cpu_percent: 25, memory_available_mb: 512 },
  services: {
    'shop.service': { workers: 2, memory_mb: 3 },
    'tasks.service': { workers: 1, queue_length: 17 },
  },
};
const policies: Policy[] = [
  {
    ...{ project: 'shop', service: 'shop.service', minWorkers: 1, maxWorkers: 4 },
    ...{ metrics: [], memoryThresholdMb: null },
    pause: { up: null, down: { until: null, remainingMs: null } },
    pin: { workers: 3, until: null, remainingMs: null },
  },
];
const services = [
  service({ action: 'scale_up', to: 3, applied: true, running: 3 }),
  service({ project: 'tasks', service: 'tasks.service', hold: 'memory', error: 'no "way"\n' }),
  service({
    project: 'o"\\d\n',
    service: 'old.service',
    hold: 'disabled',
    workers: null,
    running: null,
  }),
];
const report: RunReport = { at: sample.at, dry_run: false, host: sample.host, services };

let folder: string;
let lines: string[];
const log = pino({}, { write: (line: string) => void lines.push(line) });
beforeEach(() => {
  lines = [];
  folder = mkdtempSync(join(tmpdir(), 'textfile-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const path = (): string => join(folder, 'a.prom');
function write(to = path()): string {
  writeTextfile(to, folder, { report, sample, policies }, log);
  return readFileSync(path(), 'utf8');
}

describe('the textfile', () => {
  test('has what a run measured and did, in base units', () => {
    const text = write();
    const expected = [
      'autoscaler_last_run_success 0',
      'autoscaler_host_cpu_usage_ratio 0.25',
      'autoscaler_host_memory_available_bytes 536870912',
      'autoscaler_workers{project="shop",service="shop.service"} 3',
      'autoscaler_workers_max{project="shop",service="shop.service"} 4',
      'autoscaler_workers_pinned{project="shop",service="shop.service"} 3',
      'autoscaler_workers_memory_bytes{project="shop",service="shop.service"} 3145728',
      'autoscaler_queue_tasks{project="tasks",service="tasks.service"} 17',
      'autoscaler_paused{project="shop",service="shop.service",direction="down"} 1',
      'autoscaler_paused{project="shop",service="shop.service",direction="up"} 0',
      'autoscaler_hold{project="tasks",service="tasks.service",hold="memory"} 1',
      'autoscaler_enabled{project="o\\"\\\\d\\n",service="old.service"} 0',
      'autoscaler_error{project="tasks",service="tasks.service"} 1',
    ];
    const found = text.split('\n');
    for (const line of expected) assert.ok(found.includes(line), line);
    // what is not known is not told, never as 0
    assert.doesNotMatch(text, /autoscaler_workers\{project="o/);
    assert.doesNotMatch(text, /autoscaler_host_memory_total_bytes/);
  });

  test('keeps to the format: HELP and TYPE once before the series, none twice, names by the conventions', () => {
    const seen = new Set<string>();
    let family = { name: '', type: '' };
    const text = write();
    assert.ok(text.endsWith('\n'));
    for (const line of text.slice(0, -1).split('\n')) {
      const help = /^# HELP ([a-z_]+) \S.*[.;].*$/.exec(line);
      const type = /^# TYPE ([a-z_]+) (gauge|counter)$/.exec(line);
      if (help) {
        family = { name: help[1]!, type: '' };
        assert.ok(!seen.has(`HELP ${family.name}`), `${family.name} stands twice`);
        seen.add(`HELP ${family.name}`);
      } else if (type) {
        assert.deepEqual([type[1], family.type], [family.name, '']);
        family.type = type[2]!;
        assert.equal(type[1]!.endsWith('_total'), family.type === 'counter', line);
      } else {
        const series =
          /^([a-z_]+)((?:\{[a-z_]+="(?:[^"\\\n]|\\[\\"n])*"(?:,[a-z_]+="(?:[^"\\\n]|\\[\\"n])*")*\})?) -?[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?$/.exec(
            line,
          );
        assert.ok(series, line);
        assert.ok(series[1] === family.name && family.type !== '', line);
        assert.ok(!seen.has(series[1] + series[2]!), `${line} stands twice`);
        seen.add(series[1] + series[2]!);
      }
    }
  });

  test('counts on from run to run, and from 0 where the state folder was deleted', () => {
    const applied =
      'autoscaler_changes_total{project="shop",service="shop.service",action="scale_up",result="applied"}';
    write();
    assert.match(write(), /^autoscaler_runs_total\{result="failed"\} 2$/m);
    assert.ok(write().includes(`${applied} 3\n`));
    rmSync(join(folder, 'counters.json'));
    assert.ok(write().includes(`${applied} 1\n`));
  });

  test('is for everybody to read, whatever the umask, and leaves nothing beside it', () => {
    const before = process.umask(0o077);
    write();
    process.umask(before);
    assert.equal(statSync(path()).mode & 0o777, 0o644);
    assert.deepEqual(readdirSync(folder).sort(), ['a.prom', 'counters.json']);
  });

  test('that cannot be written is told in the log and harms nothing', () => {
    write();
    write(join(folder, 'none/a.prom'));
    assert.match(
      lines.join(''),
      /"event":"textfile","msg":"[^"]*none\/a\.prom: cannot be written: ENOENT/,
    );
  });
});
