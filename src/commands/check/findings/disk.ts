import { formatCount, formatMemory } from '../../../model/wording.ts';
import type { Finding } from './types.ts';

/** The disk below some of our folders. */
export interface Disk {
  /** folders and files of ours on it */
  paths: string[];
  freeMb: number;
  /** files that can still be made; null: the file system does not count them */
  freeFiles: number | null;
}

/** All of the history, and a log until it is rotated. */
const ENOUGH_MB = 100;
/** A run needs some kilobytes, a change a copy of each file that it edits. */
const LEAST_MB = 5;
const LEAST_FILES = 100;

/** Whether state, backups and log have room: on a full disk nothing is changed, for nothing could be backed up. */
export function checkDisks(disks: readonly Disk[]): Finding[] {
  return disks.map(({ paths, freeMb, freeFiles }) => {
    const isFull = freeMb < LEAST_MB || (freeFiles !== null && freeFiles < LEAST_FILES);
    const where = paths.join(', ');
    const room = formatMemory(Math.floor(freeMb));
    const files =
      freeFiles !== null && freeFiles < LEAST_FILES
        ? `, room for ${formatCount(freeFiles, 'more file')}`
        : '';
    const evidence = `${room} free for ${where}${files}`;
    const of = { project: null, evidence };
    if (isFull) {
      const remedy = 'free some space (df -h; df -i); until then nothing is changed';
      return { ...of, code: 'disk_full', severity: 'error', remedy };
    }
    if (freeMb >= ENOUGH_MB) return { ...of, code: 'disk_space', severity: 'info', remedy: null };
    const remedy = `free some space (df -h); the history alone grows to 48 MB`;
    return { ...of, code: 'disk_low', severity: 'warning', remedy };
  });
}
