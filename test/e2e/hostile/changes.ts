import { lstatSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Lab } from '../../lab/lab.ts';

/** What of a host's file system was written since it booted, by path: all of a file but for its content, which its times stand for. */
export type Snapshot = ReadonlyMap<string, string>;

/** Takes one; nobody can set the time of a file's last change, so a file that shows the same is the same. */
export function takeSnapshot(lab: Lab): Snapshot {
  const found = new Map<string, string>();
  const walk = (path: string): void => {
    for (const entry of readdirSync(join(lab.written, path), { withFileTypes: true })) {
      const inside = `${path}/${entry.name}`;
      const stat = lstatSync(join(lab.written, inside), { bigint: true, throwIfNoEntry: false });
      // gone in this moment
      if (stat === undefined) continue;
      const { mode, uid, gid, size, ctimeNs } = stat;
      found.set(inside, `${mode.toString(8)} ${uid}:${gid} ${size} ${ctimeNs}`);
      if (entry.isDirectory()) walk(inside);
    }
  };
  walk('');
  return found;
}

/** Where autoscaler itself, systemd and programs of the host may write while it runs. */
const KNOWN = [
  /^\/etc\/systemd\/system(\/[^/]+\.service\.d(\/50-autoscaler\.[^/]+)?)?$/,
  /^\/etc\/autoscaler(\/|$)/,
  // a folder as such; what is new in it is seen by itself
  /^\/(etc|var|var\/(lib|backups|log))$/,
  /^\/var\/(lib|backups|cache)\/autoscaler(\/|$)/,
  /^\/var\/log\/(journal|autoscaler\.log$|lastlog$|wtmp$|btmp$|faillog$|private)/,
  /^\/var\/lib\/(systemd|private|dbus)(\/|$)/,
  /^\/(tmp|run|proc|sys|dev)(\/|$)/,
  /^\/var\/(tmp|cache)$/,
];

/** Files and folders that were made, changed or removed, those that are known left out. */
export function changedSince(
  before: Snapshot,
  lab: Lab,
  isKnown: (path: string) => boolean = () => false,
): string[] {
  const now = takeSnapshot(lab);
  const paths = new Set([...before.keys(), ...now.keys()]);
  return [...paths]
    .filter((path) => before.get(path) !== now.get(path))
    .filter((path) => !KNOWN.some((known) => known.test(path)) && !isKnown(path))
    .map((path) => `${path}: ${before.get(path) ?? 'not there'} → ${now.get(path) ?? 'gone'}`)
    .sort();
}

/** Regular files whose content has `text`, by their path. */
export function filesWith(lab: Lab, text: string, isWanted: (path: string) => boolean): string[] {
  const paths = [...takeSnapshot(lab).keys()].filter(isWanted);
  return paths.filter((path) => {
    const outside = join(lab.written, path);
    const stat = lstatSync(outside, { throwIfNoEntry: false });
    return stat?.isFile() === true && readFileSync(outside).includes(text);
  });
}

/** Files with a bit that gives whoever runs them other rights than their own. */
export function filesWithSpecialBits(snapshot: Snapshot): string[] {
  return [...snapshot].flatMap(([path, text]) => {
    const mode = Number.parseInt(text, 8);
    const isFile = (mode & 0o170000) === 0o100000;
    return isFile && (mode & 0o6000) !== 0 ? [`${path} ${text}`] : [];
  });
}
