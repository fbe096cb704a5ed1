import { join } from 'node:path';
import { chainOf } from './chain.ts';
import { changesFolder } from './journal.ts';
import type { FileRecord, Manifest } from './manifest.ts';

/** A service with a number that we wrote and that nobody has taken back. */
export interface StillChanged {
  /** as the journal names it, and so do the folders of its changes */
  service: string;
  /** the workers before the first change that is in force */
  from: number;
  /** what the last change wrote */
  to: number;
  /** a change of it has not ended: until it does, the service may wait to be started */
  open: boolean;
  /** the changes that a rollback of it needs, oldest first */
  changes: string[];
  /** the files that differ from what was before; `copy`: the path of what that was, null: there was no file */
  files: { path: string; copy: string | null }[];
}

export interface ChangedQuestion {
  backupDir: string;
  /** oldest first */
  finished: Manifest[];
  /** the changes that have not ended */
  open: Manifest[];
  /** the service by its own name, where it has several */
  nameOf: (service: string) => string;
  /** what a file holds now; null: it is not there, undefined: that cannot be known */
  readSha256: (path: string) => string | null | undefined;
}

/**
 * The services that are not as they were before we came, judged by the files as they are now: one that was put back by
 * hand counts as unchanged, one that was removed has nothing left to be put back, and one that cannot be read counts as
 * changed. A service that was changed by several names is named by each, with the same copies.
 */
export function selectChanged(question: ChangedQuestion): StillChanged[] {
  const { finished, open, nameOf } = question;
  const names = new Set([...finished, ...open].map(({ service }) => nameOf(service)));
  return [...names].flatMap((name) => {
    const isOf = ({ service }: Manifest): boolean => nameOf(service) === name;
    return changedOf({ ...question, finished: finished.filter(isOf), open: open.filter(isOf) });
  });
}

/** Of one service. */
function changedOf({ finished, open, backupDir, readSha256 }: ChangedQuestion): StillChanged[] {
  const chain = chainOf(finished);
  // what a rollback that has not ended has copied is not what was before us
  const forward = [...chain, ...open.filter(({ action }) => action !== 'rollback')];
  const [first] = [...forward, ...open];
  const last = forward.at(-1) ?? first;
  if (first === undefined || last === undefined) return [];
  const before = new Map<string, { file: FileRecord; copy: string | null }>();
  for (const change of forward) {
    const folder = open.includes(change) ? `${change.id}.pending` : change.id;
    for (const file of change.files) {
      if (before.has(file.path)) continue;
      const copy = file.copy && join(changesFolder(backupDir), folder, file.copy);
      before.set(file.path, { file, copy });
    }
  }
  const isChanged = ({ path, sha256_before }: FileRecord): boolean => {
    const now = readSha256(path);
    return open.length > 0 || (now !== null && now !== sha256_before);
  };
  const files = [...before.values()].filter(({ file }) => isChanged(file));
  const needed = [...forward, ...open.filter((change) => !forward.includes(change))];
  return [...new Set(needed.map(({ service }) => service))].flatMap((service) => {
    const own = needed.filter((change) => change.service === service);
    const paths = new Set(own.flatMap((change) => change.files.map(({ path }) => path)));
    const touched = files.filter(({ file }) => paths.has(file.path));
    const isOpen = own.some((change) => open.includes(change));
    if (touched.length === 0 && !isOpen) return [];
    return {
      ...{ service, from: first.from, to: last.to, open: isOpen },
      changes: own.map(({ id }) => id),
      files: touched.map(({ file: { path }, copy }) => ({ path, copy })),
    };
  });
}
