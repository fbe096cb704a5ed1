import { setTimeout as sleep } from 'node:timers/promises';
import type { GlobalOptions } from './global-options.ts';
import { loadConfig } from '../config/load.ts';
import { findConfigPath } from '../config/read.ts';
import type { Config } from '../config/schema.ts';
import type { Clocks, Controls, StoredEnd } from '../decide/control-types.ts';
import { findActive } from '../decide/controls.ts';
import { EXIT, UserError } from '../errors.ts';
import { cleanLine } from '../output/clean.ts';
import { NO_CONTROLS, readControls, writeControls } from '../state/controls.ts';
import { acquireLock } from '../state/lock.ts';
import { writeOut } from '../streams.ts';
import { readClocks } from './controls.ts';
import { openCommandLog } from './log-events.ts';

/** What a command that sets pauses or pins takes. */
export interface ControlOptions extends GlobalOptions {
  /** milliseconds; missing: without an end */
  for?: number;
  json?: boolean;
}

/** The pauses and pins after a command, and what it has to say. */
export interface Changed {
  event: 'pause' | 'resume' | 'pin' | 'unpin';
  controls: Controls;
  sentences: string[];
}

/**
 * Changes the pauses and pins of the state folder, notes it in the log file and prints it. A run that is under way is not
 * waited for: it has read them already. `change` gets those that are in force.
 */
export async function changeControls(
  options: ControlOptions,
  change: (now: Clocks, controls: Controls, config: Config) => Changed,
): Promise<number> {
  const { config } = await loadConfig(findConfigPath(options.config));
  const { state_dir: stateDir, log_file: logFile = null } = config.global;
  const lock = await waitForLock(stateDir);
  try {
    const now = readClocks();
    const before = readControls(stateDir);
    const changed = change(now, findActive(before ?? NO_CONTROLS, now), config);
    if (JSON.stringify(before ?? NO_CONTROLS) !== JSON.stringify(changed.controls)) {
      writeControls(stateDir, changed.controls);
      const log = await openCommandLog({ ...options, quiet: true }, logFile);
      for (const sentence of changed.sentences) log.info({ event: changed.event }, sentence);
    }
    print(changed, options);
    return EXIT.ok;
  } finally {
    lock.release();
  }
}

/** The end of something that begins now. */
export function endAfter({ atMs, boot, uptimeS }: Clocks, forMs: number | undefined): StoredEnd {
  return {
    since: new Date(atMs).toISOString(),
    until: forMs === undefined ? null : new Date(atMs + forMs).toISOString(),
    ...{ boot, uptime_s: uptimeS },
  };
}

/** Two people at once: the second waits for the moment that the first takes. */
async function waitForLock(stateDir: string): Promise<{ release: () => void }> {
  for (let tries = 0; ; tries++) {
    const lock = await acquireLock(stateDir, 'controls-');
    if ('release' in lock) return lock;
    if (tries === 100) {
      throw new UserError(
        EXIT.locked,
        `the pauses and pins are being changed by ${lock.heldBy}`,
        'Try again when it has ended.',
      );
    }
    await sleep(50);
  }
}

function print({ controls, sentences }: Changed, { json, quiet }: ControlOptions): void {
  if (json === true) {
    const { pauses, pins } = controls;
    writeOut(`${JSON.stringify({ pauses, pins })}\n`);
  } else if (quiet !== true) writeOut(sentences.map((each) => `${cleanLine(each)}\n`).join(''));
}
