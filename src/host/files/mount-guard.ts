import { closeSync, openSync, readSync } from 'node:fs';
import { monotonicMs } from '../monotonic.ts';
import { readLinesOf } from '../kernel-files.ts';
import { askMounts, type Question } from './ask-mounts.ts';
import { judgeMount, outlivesKill, parseMounts, type Mount, type MountTable } from './mounts.ts';

/** The code of the error that says that a file system is not walked into; its message says which one, and why. */
export const NOT_ENTERED = 'EMOUNT';

/** How long one that has to be asked has for its answer; once all together have taken `ALL_MS`, the least. */
const LIMIT_MS = 2000;
const ALL_MS = 6000;
const LEAST_MS = 300;
/** How long an answer is good, and how long one that gave none is not asked again: what is changed is looked at often. */
const GOOD_MS = 10_000;
const SILENT_MS = 60_000;
/** Asked along with one that has to be. */
const MOST_COMPANY = 31;
const MOST_SURE = 1000;
/** Half a million mounts; users without root can make a thousand (mount_max of fuse.conf(5)). */
const MOST_BYTES = 2 ** 26;

let spentMs = 0;
/** By device. */
const known = new Map<string, { answers: boolean; untilMs: number; limitMs: number }>();

/**
 * Keeps a walk out of file systems that may not answer. They are those of one mount namespace: that of the process whose
 * folder of /proc is `process`. Its paths begin at `root`.
 */
export class MountGuard {
  private readonly process: string;
  private readonly root: string;
  private table: MountTable | null = null;
  private readonly sure = new Map<string, number>();

  constructor(process: string, root = '') {
    this.process = process;
    this.root = root;
  }

  /**
   * Asked before a path is opened, links not followed: a server of NFS may be asked as soon as its mount point is.
   *
   * @throws NodeJS.ErrnoException NOT_ENTERED where what is mounted there is not to be walked into
   */
  beforeOpening(path: string, parentMount: number | null): void {
    const mount = this.read().last.get(path);
    if (mount !== undefined) this.require(mount);
    const parent = parentMount === null ? undefined : this.read().byId.get(parentMount);
    // each name in it may be mounted as it is asked for
    if (parent?.type === 'autofs') this.requireAnswer({ ...parent, device: path }, path);
  }

  /**
   * Asked of what was opened by its name alone (O_PATH), before anything is done with it: the number of its mount comes
   * from the kernel itself. `parentMount`: that of the folder it was opened in; null: it is not known. Answers the number.
   *
   * @throws NodeJS.ErrnoException NOT_ENTERED where it lies in a file system that is not to be walked into
   */
  afterOpening(fd: number, path: string, parentMount: number | null): number {
    const sure = this.sure.get(path);
    if (sure !== undefined) return sure;
    const id = readMountId(fd);
    if (id === parentMount) return id;
    // a number is given again to another mount; as long as this one is open it keeps it
    const before = this.read().byId.get(id);
    const mount = before?.point === path ? before : this.readAgain().byId.get(id);
    if (mount === undefined) throw goneMount(path);
    this.require(mount);
    return id;
  }

  /** Asked of what lies on a mount with this number, `path` being its name. @throws NodeJS.ErrnoException as above */
  requireMount(id: number, path: string): void {
    const mount = this.read().byId.get(id) ?? this.readAgain().byId.get(id);
    if (mount === undefined) throw goneMount(path);
    this.require(mount);
  }

  /** From now on no mount is looked for at this folder: nobody but root can put one there. */
  makeSure(path: string, mount: number): void {
    if (this.sure.size < MOST_SURE) this.sure.set(path, mount);
  }

  private require(mount: Mount): void {
    const entry = judgeMount(mount, process.geteuid?.() ?? 0);
    if (entry === 'never') {
      const who = `user ${mount.uid}, who may never answer`;
      throw notEntered(mount.point, `${name(mount)} is served by ${who}: skipped`);
    }
    if (entry === 'ask') this.requireAnswer(mount, mount.point);
    // what was mounted there by the question
    if (entry === 'ask' && mount.type === 'autofs') {
      const now = this.readAgain().last.get(mount.point);
      if (now !== undefined && now.type !== 'autofs') this.require(now);
    }
  }

  private requireAnswer(mount: Mount, path: string): void {
    const { device } = mount;
    if (!isKnown(device)) {
      const questions = [mount, ...this.listCompany(device)].map((each, index) => ({
        ...{ device: each.device, outlivesKill: outlivesKill(each) },
        path: this.root + (index === 0 ? path : each.point),
      }));
      askNow(questions);
    }
    const { answers, limitMs } = known.get(device)!;
    if (answers) return;
    const limit = `${limitMs / 1000} s`;
    throw notEntered(path, `${name({ ...mount, point: path })} did not answer within ${limit}`);
  }

  /** Others that will have to be asked perhaps, and whose question can be ended and does nothing. */
  private listCompany(device: string): Mount[] {
    const found = new Map<string, Mount>();
    for (const mount of this.read().last.values()) {
      if (found.size === MOST_COMPANY) break;
      if (mount.device === device || mount.type === 'autofs' || outlivesKill(mount)) continue;
      if (judgeMount(mount, 0) === 'ask' && !isKnown(mount.device)) found.set(mount.device, mount);
    }
    return [...found.values()];
  }

  private read(): MountTable {
    return (this.table ??= this.readAgain());
  }

  private readAgain(): MountTable {
    this.table = parseMounts(readLinesOf(`${this.process}/mountinfo`, MOST_BYTES));
    return this.table;
  }
}

function isKnown(device: string): boolean {
  return (known.get(device)?.untilMs ?? 0) > monotonicMs();
}

function askNow(questions: readonly Question[]): void {
  const startMs = monotonicMs();
  const limitMs = Math.max(LEAST_MS, Math.min(LIMIT_MS, ALL_MS - spentMs));
  const answered = askMounts(questions, limitMs);
  const nowMs = monotonicMs();
  const isFirstThere = answered.has(questions[0]!.device);
  if (!isFirstThere) spentMs += nowMs - startMs;
  for (const { device } of questions) {
    const answers = answered.has(device);
    // those after the first had less time
    if (!answers && isFirstThere) continue;
    known.set(device, { answers, limitMs, untilMs: nowMs + (answers ? GOOD_MS : SILENT_MS) });
  }
}

function name({ point, type }: Mount): string {
  return `${point} (${type})`;
}

function goneMount(path: string): NodeJS.ErrnoException {
  return notEntered(path, 'it lies on a mount that is missing from the mount table');
}

function notEntered(path: string, message: string): NodeJS.ErrnoException {
  return Object.assign(new Error(message), { code: NOT_ENTERED, path, syscall: 'open' });
}

const SCRATCH = Buffer.allocUnsafe(512);

/** The number of the mount that an open file lies on. See proc_pid_fdinfo(5); no file system is asked for it. */
export function readMountId(fd: number | string, pid: number | 'self' = 'self'): number {
  const info = openSync(`/proc/${pid}/fdinfo/${fd}`, 'r');
  try {
    const length = readSync(info, SCRATCH, 0, SCRATCH.length, 0);
    return Number(/^mnt_id:\t(\d+)$/m.exec(SCRATCH.toString('latin1', 0, length))?.[1] ?? NaN);
  } finally {
    closeSync(info);
  }
}
