import { fstatSync, statfsSync } from 'node:fs';
import { inFolder, walkPath } from '../../host/files/walk.ts';
import type { Disk } from './findings/disk.ts';

const MB = 1024 * 1024;

/** The disks below paths that may not be there yet: that of the nearest folder above. What cannot be seen is left out. */
export function readDisks(paths: readonly string[]): Disk[] {
  const disks = new Map<number, Disk>();
  for (const path of paths) {
    try {
      walkPath(path, ({ folder }) => {
        const { dev } = fstatSync(folder.fd);
        const known = disks.get(dev);
        if (known !== undefined) {
          known.paths.push(path);
          return;
        }
        const { bavail, bsize, files, ffree } = statfsSync(inFolder(folder, '.'));
        const freeFiles = files > 0 ? ffree : null;
        disks.set(dev, { paths: [path], freeMb: (bavail * bsize) / MB, freeFiles });
      });
    } catch {
      // another user's folder, or a file system that does not answer
    }
  }
  return [...disks.values()];
}
