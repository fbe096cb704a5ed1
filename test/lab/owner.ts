import {
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PREFIX = 'autoscaler-lab-';

/** A new folder for a lab of this process; its name carries the owner's pid and start time. */
export function makeLabFolder(): string {
  return mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-${startTime(process.pid)}-`));
}

/** The cgroup of the lab in `folder`, named after it, below the root of this machine's cgroup v2 tree. */
export function cgroupOf(folder: string): string {
  const root = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'].find((path) =>
    existsSync(join(path, 'cgroup.controllers')),
  );
  if (root === undefined) throw new Error('no cgroup v2 tree is mounted under /sys/fs/cgroup');
  return join(root, folder.slice(folder.lastIndexOf('/') + 1));
}

/**
 * Removes what labs left behind whose owner is dead and whose supervisor could not do it: both were
 * killed at once. Their mounts vanished with their processes.
 */
export function sweepLeftovers(): void {
  for (const name of readdirSync(tmpdir())) {
    const match = /^autoscaler-lab-(\d+)-(\d+)-/.exec(name);
    if (match === null || startTime(Number(match[1])) === match[2]) continue;
    const folder = join(tmpdir(), name);
    killCgroup(cgroupOf(folder));
    rmSync(folder, { recursive: true, force: true });
  }
}

function killCgroup(cgroup: string): void {
  if (!existsSync(cgroup)) return;
  writeFileSync(join(cgroup, 'cgroup.kill'), '1');
  const deadline = performance.now() + 5_000;
  while (readFileSync(join(cgroup, 'cgroup.events'), 'utf8').includes('populated 1')) {
    if (performance.now() > deadline) throw new Error(`processes in ${cgroup} do not end`);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
  }
  removeTree(cgroup);
}

// the files of a cgroup cannot be removed, only its folders, innermost first
function removeTree(cgroup: string): void {
  for (const entry of readdirSync(cgroup, { withFileTypes: true })) {
    if (entry.isDirectory()) removeTree(join(cgroup, entry.name));
  }
  rmdirSync(cgroup);
}

/** Start of a process in ticks since boot, '' where there is none: pid and start time are never used twice. */
function startTime(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // the name, in brackets, may itself hold blanks and brackets; start time is the 20th field after it
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
