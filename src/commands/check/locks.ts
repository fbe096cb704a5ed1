import { about } from './findings/about-host.ts';
import { accessSync, constants, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Finding } from './findings/types.ts';
import { CHILD_ENV } from '../../host/child-env.ts';
import type { Global } from '../../config/schema/schema.ts';
import { formatAge } from '../../output/ages.ts';
import {
  CONTROLS_LOCK,
  JOURNAL_LOCK,
  readLock,
  RUN_LOCK,
  type LockState,
} from '../../state/lock.ts';
import { accuse, adviseOn, nameHolders } from '../shared/lock-advice.ts';

/** A run that makes changes takes seconds to a few minutes. */
const LONG_MS = 10 * 60_000;

/** File systems of a server, by their numbers in statfs(2). */
const REMOTE: Record<number, string> = { 0x6969: 'NFS', 0xff534d42: 'SMB', 0xfe534d42: 'SMB' };

/** Whether there is the program that every lock is taken with. */
export function checkFlock(): Finding[] {
  const places = CHILD_ENV.PATH.split(':').map((folder) => `${folder}/flock`);
  if (places.some(isProgram)) return [];
  const evidence = `there is no flock in ${CHILD_ENV.PATH}: no run can take its lock`;
  return [about('flock_missing', 'error', evidence, 'apt-get install --reinstall util-linux')];
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Who holds a lock. Takes it not and makes nothing. @throws UserError where it cannot be looked at */
export function checkLock(path: string, nowMs: number): Finding[] {
  const lock = readLock(path);
  if (lock === null) return [];
  const disk = checkFileSystem(path, statfsSync(dirname(path)).type);
  return [...disk, ...checkMode(path, lock), ...checkHolders(path, lock, nowMs)];
}

/** The locks that a run has to get, and that of the pauses and pins. */
export function listLocks({ state_dir: stateDir, backup_dir: backupDir }: Global): string[] {
  return [
    `${stateDir}/${RUN_LOCK}`,
    `${backupDir}/${JOURNAL_LOCK}`,
    `${stateDir}/${CONTROLS_LOCK}`,
  ];
}

/** `type`: its number in statfs(2). */
export function checkFileSystem(path: string, type: number): Finding[] {
  const name = REMOTE[type];
  if (name === undefined) return [];
  const evidence = `${path} is on ${name}: the lock depends on the file server, and a holder on another host cannot be seen`;
  return [about('lock_remote', 'warning', evidence, 'use local folders')];
}

function checkMode(path: string, { mode }: LockState): Finding[] {
  if ((mode & 0o077) === 0) return [];
  const evidence = `${path}: others can open it (mode ${mode.toString(8)}) and hold it: then commands that need it exit with 75`;
  return [
    about(
      'lock_open',
      'warning',
      evidence,
      `chmod 600 ${path} (the next command that needs it does so itself)`,
    ),
  ];
}

function checkHolders(path: string, lock: LockState, nowMs: number): Finding[] {
  const { isHeld, fault, holders } = lock;
  if (fault !== null) return [about('lock_unknown', 'warning', fault.message, fault.hint ?? null)];
  if (isHeld !== true) return [];
  const remedy = adviseOn(path, holders);
  const accusation = accuse(path, holders);
  if (accusation !== null) return [about('lock_taken', 'error', accusation, remedy)];
  const held = `${path} is held by ${nameHolders(lock)}`;
  const [first] = holders;
  if (first === undefined) return [about('lock_unseen', 'warning', held, remedy)];
  const heldMs = nowMs - first.sinceMs;
  if (first.isStopped || heldMs > LONG_MS) {
    const since = `${held}, for ${formatAge(heldMs)}: while it is held, other commands that need it exit with 75`;
    return [about('lock_held_long', 'warning', since, remedy)];
  }
  return [
    about(
      'lock_held',
      'info',
      `${held}: while it is held, other commands that need it exit with 75`,
    ),
  ];
}
