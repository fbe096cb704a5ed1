import { closeSync, constants, lstatSync } from 'node:fs';
import type { Controls, StoredEnd } from '../model/control-types.ts';
import { EXIT, UserError } from '../errors.ts';
import {
  checkStateDir,
  ensureStateDir,
  explainFault,
  openTrusted,
  readOpened,
  replaceTrusted,
} from '../host/files/trusted.ts';

const { O_RDONLY } = constants;

/** Neither a pause nor a pin. */
export const NO_CONTROLS: Controls = { v: 1, pauses: [], pins: [] };

/**
 * The pauses and pins as they were set, those that are over included; null: there are none.
 *
 * @throws UserError as `openTrusted`; config where the file is not one of ours: what somebody wanted left alone is
 *   not changed because a file is damaged
 */
export function readControls(stateDir: string): Controls | null {
  if (!checkStateDir(stateDir)) return null;
  const path = controlsPath(stateDir);
  // mostly it is not, and an error that is made and caught costs each run more than this
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return null;
  const fd = openTrusted(path, O_RDONLY);
  if (fd === null) return null;
  try {
    return parseControls(readOpened(fd, path), path);
  } finally {
    closeSync(fd);
  }
}

/** Replaces the pauses and pins, by a rename that is on the disk when this returns. @throws UserError as `openTrusted` */
export function writeControls(stateDir: string, controls: Controls): void {
  ensureStateDir(stateDir);
  const path = controlsPath(stateDir);
  try {
    replaceTrusted(path, `${JSON.stringify(controls, null, 2)}\n`, { durable: true });
  } catch (error) {
    throw error instanceof UserError ? error : explainFault(path, error as NodeJS.ErrnoException);
  }
}

function controlsPath(stateDir: string): string {
  return `${stateDir}/controls.json`;
}

function parseControls(text: string, path: string): Controls {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw damaged(path, 'text that is not JSON');
  }
  if (!isObject(value)) throw damaged(path, 'JSON that is not an object');
  const { v, pauses, pins } = value;
  if (v !== 1) throw damaged(path, `version ${JSON.stringify(v) ?? 'none'}`);
  if (!Array.isArray(pauses) || !pauses.every(isPause)) throw damaged(path, 'malformed pauses');
  if (!Array.isArray(pins) || !pins.every(isPin)) throw damaged(path, 'malformed pins');
  return { v: 1, pauses: pauses as Controls['pauses'], pins: pins as Controls['pins'] };
}

function damaged(path: string, found: string): UserError {
  return new UserError(
    EXIT.config,
    `${path}: expected pauses and pins of version 1, found ${found}`,
    `Nothing is changed until it can be read. Remove it to end all pauses and pins: rm ${path}`,
  );
}

function isPause(value: unknown): boolean {
  if (!isObject(value) || !isEnd(value)) return false;
  const { project, only } = value;
  return (
    (project === null || typeof project === 'string') && [null, 'up', 'down'].includes(only as 'up')
  );
}

function isPin(value: unknown): boolean {
  if (!isObject(value) || !isEnd(value)) return false;
  const { project, service, workers } = value;
  if (typeof project !== 'string' || typeof service !== 'string') return false;
  return Number.isInteger(workers) && Number(workers) >= 1;
}

function isEnd(value: Partial<Record<keyof StoredEnd, unknown>>): boolean {
  const { since, until, boot, uptime_s: uptimeS } = value;
  const isTime = (time: unknown): boolean =>
    typeof time === 'string' && !Number.isNaN(Date.parse(time));
  return (
    isTime(since) &&
    (until === null || isTime(until)) &&
    typeof boot === 'string' &&
    typeof uptimeS === 'number'
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
