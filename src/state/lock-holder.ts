import { readFileSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { readProcess } from '../systemd/proc.ts';

/** The kernel counts a process's start in hundredths of a second on all of its platforms that Node runs on. */
const MS_PER_TICK = 10;

/** Who listens on an abstract unix socket, for people; proc_net(5) has its inode, /proc/PID/fd who has it open. */
export function findLockHolder(name: string): string {
  const inode = findInode(name);
  const pid = inode === null ? null : findOwner(inode);
  if (pid === null)
    return 'a process that cannot be told (it has ended just now, or is not ours to see)';
  const holder = readProcess(pid);
  const uid = ownerOf(pid);
  if (holder === null || uid === null) return `process ${pid}, which has ended just now`;
  const uptimeMs = Number(readFileSync('/proc/uptime', 'utf8').split(' ', 1)[0]) * 1000;
  const startedMs = Date.now() - uptimeMs + holder.startTicks * MS_PER_TICK;
  const since = new Date(startedMs).toISOString().slice(0, 19).replace('T', ' ');
  const isStranger = uid !== 0 && uid !== process.getuid?.();
  const stranger = `, which belongs to user ${uid}, not to root: only the owner of the state folder should run this`;
  return `process ${pid} (since ${since} UTC)${isStranger ? stranger : ''}`;
}

/** Whether somebody listens on an abstract unix socket of this name. */
export function isListening(name: string): boolean {
  return findInode(name) !== null;
}

function ownerOf(pid: number): number | null {
  try {
    return statSync(`/proc/${pid}`).uid;
  } catch {
    return null;
  }
}

/** The line's last but one field; its last, the name, has `@` for the leading NUL. */
function findInode(name: string): string | null {
  const line = readFileSync('/proc/net/unix', 'utf8')
    .split('\n')
    .find((each) => each.endsWith(` @${name}`));
  return line?.trim().split(/ +/).at(-2) ?? null;
}

function findOwner(inode: string): number | null {
  const pids = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry));
  const owner = pids.find((pid) => hasOpen(pid, `socket:[${inode}]`));
  return owner === undefined ? null : Number(owner);
}

function hasOpen(pid: string, target: string): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => isLinkTo(`/proc/${pid}/fd/${fd}`, target));
  } catch {
    return false;
  }
}

/** false also where it was closed in this moment */
function isLinkTo(path: string, target: string): boolean {
  try {
    return readlinkSync(path) === target;
  } catch {
    return false;
  }
}
