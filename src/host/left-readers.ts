import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { CHILD_ENV } from './child-env.ts';
import { CGROUP_ROOTS, tryReadWhole } from './kernel-files.ts';

/** A line for each hierarchy. */
const CGROUP_BYTES = 16 * 1024;
const LONGEST_NAME = 200;
const UNIT = /.\.(?:service|scope)$/;
/** systemd answers at once. */
const LIMIT_MS = 2000;

/** Scopes that this process has made; systemd may not have made their groups yet. */
const made = new Set<string>();

/**
 * The scope for a program that reads a file in the folder of a process and cannot be ended, named for the unit that the
 * process belongs to. null: the process is gone, or in no unit.
 */
export function scopeFor(path: string): string | null {
  return parseScope(tryReadWhole(`${dirname(path)}/cgroup`, CGROUP_BYTES) ?? '');
}

/** The same from what /proc/PID/cgroup says: `0::/path` (v2) or `N:name=systemd:/path` (v1). See cgroups(7). */
export function parseScope(groups: string): string | null {
  const paths = groups.matchAll(/^(?:0:|\d+:name=systemd):(.+)$/gm);
  // the unit may have groups below its own, with names that its user has given
  const unit = Array.from(paths, ([, path = '']) => path.split('/').find((name) => UNIT.test(name)))
    .filter((name) => name !== undefined)
    .at(0);
  // a scope is no instance of a template
  const name = unit?.slice(0, LONGEST_NAME).replaceAll('@', '_');
  return name === undefined ? null : `autoscaler-reads-${name}.scope`;
}

/** Whether a program was left there that has not ended yet. */
export function isTaken(scope: string): boolean {
  return (
    made.has(scope) || CGROUP_ROOTS.some((root) => existsSync(`${root}/system.slice/${scope}`))
  );
}

/** The files of processes that a program has open, also where those are gone. */
export function listOpen(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((number) => {
      const target = readlinkSync(`/proc/${pid}/fd/${number}`);
      return /^\/proc\/\d+\/\w+/.exec(target) ?? [];
    });
  } catch {
    // it has ended
    return [];
  }
}

/**
 * Puts a program that cannot be ended into a control group of its own: in ours, it would keep systemd from ending the
 * service for minutes. Without root nothing can be put elsewhere, and the service of the timer has root.
 */
export function leaveBehind(pid: number, scope: string): void {
  made.add(scope);
  if (process.geteuid?.() !== 0) return;
  const description = 'waits until the memory of a process is freed';
  const properties = [
    ...['3', 'PIDs', 'au', '1', String(pid)],
    ...['CollectMode', 's', 'inactive-or-failed', 'Description', 's', description],
  ];
  const manager = ['org.freedesktop.systemd1', '/org/freedesktop/systemd1'];
  const method = ['org.freedesktop.systemd1.Manager', 'StartTransientUnit', 'ssa(sv)a(sa(sv))'];
  spawnSync('busctl', ['call', ...manager, ...method, scope, 'fail', ...properties, '0'], {
    ...{ env: CHILD_ENV, cwd: '/', stdio: 'ignore', killSignal: 'SIGKILL', timeout: LIMIT_MS },
  });
}
