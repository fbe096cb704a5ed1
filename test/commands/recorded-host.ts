import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HistoryEntry } from '../../src/model/types.ts';
import { readBootTime } from '../../src/host/clock.ts';

/** A config and a history as runs every 2 minutes would have left them. */
export interface RecordedHost {
  config: string;
  stateDir: string;
}

export interface HostShape {
  projects?: string[];
  /** newest last; the last one was taken 48 s ago */
  cpu: number[];
  /** of every project, at each sample; missing: 2 */
  workers?: number[];
  /** what was done right after the sample before the last */
  change?: { to: number; result: 'applied' | 'undone' };
  seconds?: number;
  /** the first sample is the first of its boot, with a first look at the CPU */
  isFirst?: boolean;
  /** processors that each project has used, of two */
  cpuCores?: number;
  /** further keys of each project */
  keys?: object;
}

/** A window of time that is open from an hour ago to in an hour, or, `later`, from in an hour on. */
export function windowNow(when: 'open' | 'later'): {
  start: string;
  end: string;
  timezone: string;
} {
  const at = (hours: number): string => {
    const then = new Date(Date.now() + hours * 3_600_000);
    return `${then.getUTCMinutes()} ${then.getUTCHours()} * * *`;
  };
  const [from, to] = when === 'open' ? [-1, 1] : [1, 2];
  return { start: at(from), end: at(to), timezone: 'UTC' };
}

/** Where files that decide what root does may be: no folder on the way belongs to others. */
const ROOT = '/var/lib';

/** A folder of its own under /var/lib, which the caller removes. */
export function makeFolder(): string {
  return mkdtempSync(join(ROOT, 'autoscaler-test-'));
}

export function unitOf(project: string): string {
  return `${project.replace(/[^a-z0-9-]/g, '_')}.service`;
}

export function recordHost(folder: string, shape: HostShape): RecordedHost {
  const { projects = ['shop'], cpu, workers = [], change, seconds = 120, keys = {} } = shape;
  const { isFirst = false, cpuCores } = shape;
  const stateDir = join(folder, 'state');
  const config = join(folder, 'config.json');
  mkdirSync(stateDir, { mode: 0o750 });
  const of = (name: string): object => ({
    service_name: unitOf(name),
    max_workers: 4,
    cpu_thresholds: { scale_up_3: 60, scale_up_4: 80, scale_down_1: 30 },
    cpu_duration_minutes: { scale_up: 6, scale_down: 10 },
    memory_threshold_mb: 500,
    ...keys,
  });
  const global = { state_dir: stateDir, backup_dir: join(folder, 'backup') };
  const document = {
    projects: Object.fromEntries(projects.map((name) => [name, of(name)])),
    global,
  };
  writeFileSync(config, JSON.stringify(document), { mode: 0o644 });
  const { boot, uptimeS } = readBootTime();
  const entries: HistoryEntry[] = [];
  cpu.forEach((percent, index) => {
    const age = (cpu.length - 1 - index) * seconds + 48;
    const stamp = (after: number) => ({
      v: 1 as const,
      at: new Date(Date.now() - (age - after) * 1000).toISOString(),
      boot,
      // a machine that has just started has no room for a long history
      uptime_s: Math.max(0, uptimeS - age + after),
    });
    const service = {
      workers: workers[index] ?? 2,
      running: workers[index] ?? 2,
      active: 'active',
      ...(cpuCores !== undefined && { cpu_cores: cpuCores }),
    };
    entries.push({
      ...stamp(0),
      kind: 'sample',
      span_s: isFirst && index === 0 ? null : seconds,
      host: { cpu_percent: percent, memory_available_mb: 3000, memory_total_mb: 8000, cpus: 2 },
      services: Object.fromEntries(projects.map((name) => [unitOf(name), service])),
    });
    if (change === undefined || index !== cpu.length - 2) return;
    for (const name of projects) {
      entries.push({
        ...stamp(1),
        ...{ kind: 'action', service: unitOf(name), action: 'scale_up', from: 2, ...change },
        reason: 'cpu 90 % > 60 % <for> 6 m 0 s (needs 6 m) → 3 workers',
      });
    }
  });
  const lines = entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
  writeFileSync(join(stateDir, 'history.jsonl'), lines, { mode: 0o640 });
  return { config, stateDir };
}
