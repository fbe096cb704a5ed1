import { readdirSync, readFileSync } from 'node:fs';
import { nameReader } from '../../host/accounts.ts';
import { lstatPath } from '../../host/files/look.ts';
import { listNames, tryReadWhole } from '../../host/kernel-files.ts';
import { readProcess } from '../../host/proc/proc.ts';
import { readProgram } from '../../kinds/program.ts';

/** More processes than that are not looked at, nor told. */
const MOST_PROCESSES = 32_768;
const MOST_TOLD = 3;
/** cgroups(7): `0::/path` (v2) or `N:name=systemd:/path` (v1). */
const GROUP = /^(?:0:|\d+:name=systemd):(.*)$/gm;
const CGROUP_BYTES = 64 * 1024;

/** Where the unit files of users' own systemd lie for all of them, see systemd.unit(5). */
const USER_UNITS = ['/etc/systemd/user', '/usr/local/lib/systemd/user', '/usr/lib/systemd/user'];
const CONTAINER =
  /\/(?:docker[-/]|libpod-|crio-|cri-containerd-|lxc\.|lxc\/|kubepods|machine\.slice\/)/;

/**
 * What this host has in the place of a system service that systemd does not know: a unit of the name in the systemd of a
 * user, and Gunicorn and Celery where the system's units do not reach. A sentence; null: nothing was seen.
 */
export function findElsewhere(service: string): string | null {
  const found = [...findUserUnits(service), ...findPrograms()].slice(0, MOST_TOLD);
  return found.length === 0 ? null : `found instead: ${found.join('; ')}`;
}

function findUserUnits(service: string): string[] {
  const homes = readHomes().map(({ user, home }) => ({
    path: `${home}/.config/systemd/user/${service}`,
    whose: user,
  }));
  const all = USER_UNITS.map((folder) => ({ path: `${folder}/${service}`, whose: 'each user' }));
  return [...homes, ...all]
    .filter(({ path }) => isThere(path))
    .map(({ path, whose }) => `${path}, a unit of ${whose}'s own systemd (systemctl --user)`);
}

/** Of this host's own accounts: a directory of users elsewhere may be endless. */
function readHomes(): { user: string; home: string }[] {
  return readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .flatMap(([user = '', , , , , home = '']) => (home.startsWith('/') ? [{ user, home }] : []));
}

function isThere(path: string): boolean {
  try {
    return lstatPath(path) !== undefined;
  } catch {
    return false;
  }
}

/** Masters that no system service has. */
function findPrograms(): string[] {
  const names = nameReader();
  const masters = new Map<number, { parentPid: number; kind: string }>();
  for (const name of listProcesses()) {
    const process = readProcess(Number(name));
    if (process === null || process.isCut === true) continue;
    const program = readProgram(process.argv);
    if (program === null) continue;
    masters.set(process.pid, { parentPid: process.parentPid, kind: program.kind });
  }
  return [...masters]
    .filter(([, { parentPid }]) => !masters.has(parentPid))
    .flatMap(([pid, { kind }]) => {
      // of several hierarchies only that of systemd has its units
      const groups = tryReadWhole(`/proc/${pid}/cgroup`, CGROUP_BYTES)?.matchAll(GROUP) ?? [];
      const places = Array.from(groups, ([, group = '']) => describePlace(group, names.user));
      const place = places.find((each) => each !== null) ?? null;
      return place === null ? [] : [`${kind} (process ${pid}) in ${place}`];
    });
}

function listProcesses(): string[] {
  try {
    return listNames('/proc', MOST_PROCESSES).filter((name) => /^\d+$/.test(name));
  } catch {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .slice(0, MOST_PROCESSES);
  }
}

/** null: in a service of the system's own systemd, or nowhere that has a name. */
function describePlace(group: string, nameOf: (uid: number) => string): string | null {
  const last = group.slice(group.lastIndexOf('/') + 1);
  if (CONTAINER.test(group)) return `a container (${last})`;
  const uid = /\/user@(\d+)\.service\//.exec(group)?.[1];
  if (uid !== undefined)
    return `${last} of ${nameOf(Number(uid))}'s own systemd (systemctl --user)`;
  if (/\/session-[^/]*\.scope$/.test(group)) return `a user session (${last})`;
  return null;
}
