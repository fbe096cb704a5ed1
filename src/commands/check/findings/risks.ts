import { findDistrust, type Component } from '../../../host/files/trust-rule.ts';
import type { Finding } from './types.ts';

/** A file or folder that a unit is made of, reads or runs. */
export interface Place {
  /** such as `working directory` */
  what: string;
  path: string;
  /** what leads to it, from `/` on; of one that is not there the folders that are */
  way: readonly Component[];
}

/** All of a unit that somebody else could have a hand in. */
export interface UnitRisks {
  project: string;
  service: string;
  /** whom it runs as; null: root */
  user: string | null;
  /** its commands that run as root all the same, such as `ExecStartPre=/usr/bin/install` with a `+` before it */
  privileged: readonly string[];
  unitFiles: readonly Place[];
  environmentFiles: readonly Place[];
  /** programs, scripts, configs and folders that it runs code from */
  code: readonly Place[];
  /** those of the code that `privileged` run */
  privilegedCode: readonly Place[];
  /** files with the password of a broker */
  secrets: readonly Place[];
}

/** Names of users and groups by their numbers. */
export interface Names {
  user: (uid: number) => string;
  group: (gid: number) => string;
}

const STICKY = 0o1000;
const WRITABLE_BY_ALL = 0o002;
const READABLE_BY_ALL = 0o004;
const ENTERED_BY_ALL = 0o001;
const ROOT = { uid: 0, gid: 0 };
const MOST_SHOWN = 4;

/**
 * What lets one user of the host do what only root, or another user, should be able to. That the code of a service belongs
 * to the very user that it runs as is how it should be, and no finding.
 */
export function checkRisks(unit: UnitRisks, names: Names): Finding[] {
  return [
    ...checkUnitFiles(unit, names),
    ...checkEnvironment(unit, names),
    ...checkCode(unit, names),
    ...checkSecrets(unit.project, unit.secrets, names),
  ];
}

function checkUnitFiles({ project, service, unitFiles }: UnitRisks, names: Names): Finding[] {
  const foreign = listForeign(unitFiles, findForeign);
  if (foreign.length === 0) return [];
  return [
    {
      ...{ code: 'unit_file_foreign', severity: 'warning', project },
      evidence: `users other than root can write what systemd reads as root: ${describe(foreign, names)}`,
      remedy: `make it root's alone; a unit belongs in /etc/systemd/system itself: systemctl cat ${service}`,
    },
  ];
}

function checkEnvironment(unit: UnitRisks, names: Names): Finding[] {
  const { project, service, environmentFiles, user } = unit;
  const as = describeRoot(unit);
  const foreign = listForeign(environmentFiles, findForeign);
  if (foreign.length === 0) return [];
  if (as !== null) {
    return [
      {
        ...{ code: 'environment_file_foreign', severity: 'warning', project },
        evidence: `${as}, and another user can write its environment (LD_PRELOAD, PYTHONPATH): ${describe(foreign, names)}`,
        remedy: `move it to a folder owned by root, such as /etc/default, or set User= (systemctl edit ${service})`,
      },
    ];
  }
  const open = listForeign(environmentFiles, findOpen);
  if (open.length > 0) {
    return [
      {
        ...{ code: 'environment_file_foreign', severity: 'warning', project },
        evidence: `any user of this host can write the environment of ${user ?? 'root'}: ${describe(open, names)}`,
        remedy: chmod(open),
      },
    ];
  }
  return [
    {
      ...{ code: 'environment_file_foreign', severity: 'warning', project },
      evidence: `systemd reads, as root, whatever a link in its place points to, such as another project's passwords, and passes it to ${user ?? 'root'}; users other than root can write it: ${describe(foreign, names)}`,
      remedy:
        'move it to a folder owned by root, such as /etc/default; until then it is read but never edited',
    },
  ];
}

function checkCode(unit: UnitRisks, names: Names): Finding[] {
  const { project, service, code, privilegedCode, user } = unit;
  const as = describeRoot(unit);
  const foreign = listForeign(user === null ? code : privilegedCode, findForeign);
  if (as !== null && foreign.length > 0) {
    const remedy =
      user === null
        ? `let it run as a user of its own: User= (systemctl edit ${service}); or make all that it runs root's alone`
        : "make what these commands run root's alone, or remove the +";
    return [
      {
        ...{ code: 'code_foreign', severity: 'warning', project, remedy },
        evidence: `${as}, and another user can write what it runs: ${describe(foreign, names)}`,
      },
    ];
  }
  const open = listForeign(code, findOpen);
  if (open.length === 0) return [];
  return [
    {
      ...{ code: 'code_foreign', severity: 'warning', project, remedy: chmod(open) },
      evidence: `any user of this host can write what it runs as ${user ?? 'root'}: ${describe(open, names)}`,
    },
  ];
}

/** Passwords of brokers that every user of the host can read: `project` null for the config. */
export function checkSecrets(
  project: string | null,
  secrets: readonly Place[],
  names: Names,
): Finding[] {
  const open = listForeign(secrets, findReadable);
  if (open.length === 0) return [];
  return [
    {
      ...{ code: 'password_readable', severity: 'warning', project },
      evidence: `any user of this host can read the password of a broker: ${describe(open, names)}`,
      remedy:
        project === null
          ? `chmod 0640 ${open[0]?.place.path}`
          : 'put it into an environment file that only root can read: EnvironmentFile= with mode 0600',
    },
  ];
}

/** null: nothing of it runs as root. */
function describeRoot({ user, privileged }: UnitRisks): string | null {
  if (user === null) return 'it runs as root (no User=)';
  if (privileged.length === 0) return null;
  return `it runs ${privileged.join(', ')} as root (because of + or !)`;
}

interface Hit {
  place: Place;
  at: Component;
}

function listForeign(
  places: readonly Place[],
  find: (way: readonly Component[]) => Component | null,
): Hit[] {
  const hits = places.flatMap((place) => {
    const at = find(place.way);
    return at === null ? [] : [{ place, at }];
  });
  // a script may be named more than once
  return [...new Map(hits.map((hit) => [hit.place.path, hit])).values()];
}

/** By the trust rule; and where all may write to the last folder, they may add to it, sticky or not. */
function findForeign(way: readonly Component[]): Component | null {
  const plain = way.map((each, index) =>
    index === way.length - 1 && each.kind === 'folder'
      ? { ...each, mode: each.mode & ~STICKY }
      : each,
  );
  const distrust = findDistrust(plain, ROOT);
  return distrust === null ? null : (way.find(({ path }) => path === distrust.at) ?? null);
}

/** What every user of the host can write, or put something else in the place of. */
function findOpen(way: readonly Component[]): Component | null {
  return (
    way.find(({ kind, mode }, index) => {
      const isLast = index === way.length - 1;
      const isKept = kind === 'folder' && !isLast && (mode & STICKY) !== 0;
      return kind !== 'link' && !isKept && (mode & WRITABLE_BY_ALL) !== 0;
    }) ?? null
  );
}

/** The file itself, where every user of the host can read it. */
function findReadable(way: readonly Component[]): Component | null {
  const file = way.find(({ kind }) => kind === 'file');
  const isReached = way.every(({ kind, mode }) => kind !== 'folder' || mode & ENTERED_BY_ALL);
  return file !== undefined && isReached && (file.mode & READABLE_BY_ALL) !== 0 ? file : null;
}

/** `working directory /home/shop/app (/home/shop is shop:shop, mode 0755)` */
function describe(hits: readonly Hit[], { user, group }: Names): string {
  const shown = hits.slice(0, MOST_SHOWN).map(({ place, at }) => {
    const { path, uid, gid, mode, kind } = at;
    const what = kind === 'link' ? `the link ${path} is` : path === place.path ? '' : `${path} is`;
    const bits = kind === 'link' ? '' : `, mode ${mode.toString(8).padStart(4, '0')}`;
    return `${place.what} ${place.path} (${`${what} ${user(uid)}:${group(gid)}`.trim()}${bits})`;
  });
  const more = hits.length - shown.length;
  return `${shown.join(', ')}${more > 0 ? `, and ${more} more` : ''}`;
}

function chmod(hits: readonly Hit[]): string {
  return `chmod o-w ${[...new Set(hits.map(({ at }) => at.path))].join(' ')}`;
}
