import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { checkConfig } from '../../config/file/check.ts';
import { parseDocument } from '../../config/file/document.ts';
import { editInterval } from '../../config/file/interval-edit.ts';
import { findConfigPath, readConfigFile } from '../../config/file/read.ts';
import { formatDuration } from '../../model/wording.ts';
import { EXIT, UserError } from '../../errors.ts';
import type { TimerDocument } from './report.ts';
import { makeFolder, removeFolderIfEmpty } from '../../host/files/folders.ts';
import { readTarget } from '../../host/files/target.ts';
import { writeUserFile } from '../../host/files/write.ts';
import { daemonReload } from '../../targets/systemd/actions.ts';
import { readOverview, type Overview } from '../../targets/systemd/timer.ts';
import {
  isTimerDropIn,
  renderTimerDropIn,
  TIMER_DROP_IN,
} from '../../targets/systemd/timer-drop-in.ts';
import { SHIPPED_INTERVAL_S } from '../../targets/systemd/timer-interval.ts';
import { replaceConfig } from '../shared/replace-config.ts';

type Changed = TimerDocument['changed'];

/** A config whose `check_interval_seconds` is to change with the timer. */
interface ConfigEdit {
  path: string;
  before: Buffer;
  after: Buffer;
}

/**
 * Makes the timer fire at this interval, by a drop-in of ours; for the interval that is shipped it needs none. Where
 * the config says an interval, that follows. What systemd then says is what counts: where it is another interval, or
 * the config cannot be written, all is put back.
 *
 * @returns the files that were changed
 * @throws UserError
 */
export async function changeInterval(
  seconds: number,
  before: Overview,
  config: string | undefined,
): Promise<Changed> {
  // what is wrong with it is said before anything is changed
  const edit = await planConfig(findConfigPath(config), seconds);
  const old = readTarget(TIMER_DROP_IN).bytes;
  const isOurs = before.dropIns.includes(TIMER_DROP_IN);
  const isRight = before.everyS === seconds && (old === null || isOurs);
  const changed: Changed = isRight ? [] : await putDropIn(seconds, old);
  try {
    if (edit !== null) await replaceConfig(edit.path, edit.before, edit.after);
  } catch (error) {
    if (changed.length > 0) await restore(old);
    throw error;
  }
  return edit === null ? changed : [...changed, { path: edit.path, backup: `${edit.path}.bak` }];
}

/** null: there is no config, or it leaves the interval to the timer, or says this one already. */
async function planConfig(path: string, seconds: number): Promise<ConfigEdit | null> {
  if (!existsSync(path)) return null;
  const before = readConfigFile(path);
  const { config } = await checkConfig(path, before);
  const text = editInterval(parseDocument(path, before.toString('utf8')), seconds);
  if (text === null || config.global.check_interval_seconds === seconds) return null;
  const after = Buffer.from(text);
  await checkConfig(path, after);
  return { path, before, after };
}

async function putDropIn(seconds: number, old: Buffer | null): Promise<Changed> {
  const ours = Buffer.from(renderTimerDropIn(seconds, describe(seconds)));
  const isShipped = seconds === SHIPPED_INTERVAL_S;
  const isEdited = old !== null && !isTimerDropIn(old.toString('utf8'), describe);
  const changed: Changed = [{ path: TIMER_DROP_IN, backup: isEdited ? BACKUP : null }];
  try {
    if (isEdited) writeBackup(old);
    // what is shipped comes back by itself, unless somebody else's drop-in says otherwise
    if (isShipped && (await tryDropIn(null, old, seconds))) return changed;
    const now = readTarget(TIMER_DROP_IN).bytes;
    if (await tryDropIn(ours, now, seconds)) return changed;
  } catch (error) {
    await restore(old);
    throw error;
  }
  const { everyS, dropIns } = await readOverview([]);
  await restore(old);
  const others = dropIns.filter((path) => path !== TIMER_DROP_IN);
  throw new UserError(
    EXIT.failed,
    `autoscaler.timer does not fire every ${seconds} s with ${TIMER_DROP_IN} (systemd reports ${everyS === null ? 'no interval' : `every ${everyS} s`}): the change was undone`,
    others.length === 0
      ? 'systemctl cat autoscaler.timer shows all its files'
      : `Set OnUnitActiveSec= in what is read after it: ${others.join(', ')}`,
  );
}

function describe(seconds: number): string {
  return formatDuration(seconds * 1000);
}

/** systemd reads no file of this name. */
const BACKUP = `${TIMER_DROP_IN}.bak`;

function writeBackup(text: Buffer): void {
  const { bytes: before } = readTarget(BACKUP);
  writeUserFile({ path: BACKUP, before, after: text }, () => undefined);
}

/** Writes the drop-in (null: removes it) and answers whether the timer then fires as is wanted. */
async function tryDropIn(
  after: Buffer | null,
  before: Buffer | null,
  seconds: number,
): Promise<boolean> {
  await writeDropIn(before, after);
  return (await readOverview([])).everyS === seconds;
}

async function restore(old: Buffer | null): Promise<void> {
  await writeDropIn(readTarget(TIMER_DROP_IN).bytes, old);
}

async function writeDropIn(before: Buffer | null, after: Buffer | null): Promise<void> {
  if (after !== null) makeFolder(dirname(TIMER_DROP_IN));
  if (before !== null || after !== null) {
    writeUserFile({ path: TIMER_DROP_IN, before, after }, () => undefined);
  }
  if (after === null) removeFolderIfEmpty(dirname(TIMER_DROP_IN));
  await daemonReload();
}
