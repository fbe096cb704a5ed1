import type { GlobalOptions } from '../shared/global-options.ts';
import { loadConfig } from '../shared/load-config.ts';
import { findConfigPath } from '../../config/file/read.ts';
import type { Config } from '../../config/schema/schema.ts';
import type { Clocks } from '../../model/clocks.ts';
import type { Controls, StoredEnd } from '../../model/control-types.ts';
import { findActive } from '../../decide/limits/controls.ts';
import { EXIT } from '../../errors.ts';
import { cleanLine } from '../../output/clean.ts';
import { NO_CONTROLS, readControls, writeControls } from '../../state/controls.ts';
import { writeOut } from '../../host/streams.ts';
import { readClocks } from '../../host/clock.ts';
import { holdControls } from '../shared/hold-lock.ts';
import { openCommandLog } from '../shared/log-events.ts';

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
 * waited for: it has read them already. `change` gets those that are in force; what it refuses leaves nothing behind.
 */
export async function changeControls(
  options: ControlOptions,
  change: (now: Clocks, controls: Controls, config: Config) => Changed,
): Promise<number> {
  const { config } = await loadConfig(findConfigPath(options.config));
  const { state_dir: stateDir, log_file: logFile = null } = config.global;
  const look = (): { before: Controls; changed: Changed } => {
    const now = readClocks();
    const before = readControls(stateDir) ?? NO_CONTROLS;
    return { before, changed: change(now, findActive(before, now), config) };
  };
  look();
  const lock = await holdControls(stateDir);
  try {
    const { before, changed } = look();
    if (JSON.stringify(before) !== JSON.stringify(changed.controls)) {
      // before it is written: what cannot be logged is refused
      const log = await openCommandLog({ ...options, quiet: true }, logFile);
      writeControls(stateDir, changed.controls);
      for (const sentence of changed.sentences) log.info({ event: changed.event }, sentence);
    }
    print(changed, options);
    return EXIT.ok;
  } finally {
    lock.release();
  }
}

/** The end of something that begins now. */
export function endAfter({ ms, boot, uptimeS }: Clocks, forMs: number | undefined): StoredEnd {
  return {
    since: new Date(ms).toISOString(),
    until: forMs === undefined ? null : new Date(ms + forMs).toISOString(),
    ...{ boot, uptime_s: uptimeS },
  };
}

function print({ controls, sentences }: Changed, { json, quiet }: ControlOptions): void {
  if (json === true) {
    const { pauses, pins } = controls;
    writeOut(`${JSON.stringify({ pauses, pins })}\n`);
  } else if (quiet !== true) writeOut(sentences.map((each) => `${cleanLine(each)}\n`).join(''));
}
