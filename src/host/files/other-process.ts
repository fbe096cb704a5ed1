import { closeSync, constants, fstatSync, openSync, readlinkSync, type Stats } from 'node:fs';
import { MountGuard, readMountId } from './mount-guard.ts';
import { HOST, O_PATH, type Root } from './walk.ts';

/** Services have mounts of their own, such as by `PrivateTmp=`; each table is read once. */
const MOST_ROOTS = 256;
const roots = new Map<string, MountGuard>();

/** What a process sees as `/`. @throws NodeJS.ErrnoException where it is gone, or not ours to see */
export function rootOf(pid: number): Root {
  return { path: `/proc/${pid}/root`, guard: new MountGuard(`/proc/${pid}`, `/proc/${pid}/root`) };
}

/**
 * What a process has open under a number.
 *
 * @throws NodeJS.ErrnoException where that is not to be seen, or lies in a file system that may never answer
 */
export function statDescriptor(pid: number, number: string): Stats {
  const path = `/proc/${pid}/fd/${number}`;
  const guard = guardOf(pid);
  // a server of NFS may be asked as soon as it is opened
  guard.requireMount(readMountId(number, pid), path);
  const fd = openSync(path, O_PATH | constants.O_RDONLY);
  try {
    // it may be another one by now
    guard.requireMount(readMountId(fd), path);
    return fstatSync(fd);
  } finally {
    closeSync(fd);
  }
}

function guardOf(pid: number): MountGuard {
  const space = readlinkSync(`/proc/${pid}/ns/mnt`);
  if (space === readlinkSync('/proc/self/ns/mnt')) return HOST.guard;
  const known = roots.get(space);
  if (known !== undefined) return known;
  if (roots.size === MOST_ROOTS) roots.clear();
  const { guard } = rootOf(pid);
  roots.set(space, guard);
  return guard;
}
