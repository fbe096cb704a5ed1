import { statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Disk } from '../check/disk.ts';

const MB = 1024 * 1024;

/** The disks below paths that may not be there yet: that of the nearest folder above. What cannot be seen is left out. */
export function readDisks(paths: readonly string[]): Disk[] {
  const disks = new Map<number, Disk>();
  for (const path of paths) {
    try {
      const there = findExisting(path);
      const { dev } = statSync(there);
      const known = disks.get(dev);
      if (known !== undefined) {
        known.paths.push(path);
        continue;
      }
      const { bavail, bsize, files, ffree } = statfsSync(there);
      const freeFiles = files > 0 ? ffree : null;
      disks.set(dev, { paths: [path], freeMb: (bavail * bsize) / MB, freeFiles });
    } catch {
      // another user's folder
    }
  }
  return [...disks.values()];
}

function findExisting(path: string): string {
  for (let at = path; ; at = dirname(at)) {
    if (statSync(at, { throwIfNoEntry: false }) !== undefined || at === dirname(at)) return at;
  }
}
