import type { GlobalOptions } from '../shared/global-options.ts';
import type { LoadedConfig } from '../../config/file/loaded-config.ts';
import { EXIT, UserError, type ExitCode } from '../../errors.ts';
import { openOutput } from '../../output/terminal.ts';
import { renderTimer, type TimerDocument } from './report.ts';
import { readClocks } from '../../host/clock.ts';
import { writeOut } from '../../host/streams.ts';
import { disableUnit, enableUnit } from '../../targets/systemd/actions.ts';
import { readOverview, type Overview } from '../../targets/systemd/timer.ts';
import { describeTimer } from './describe.ts';
import { changeInterval } from './interval.ts';

export interface TimerOptions extends GlobalOptions {
  /** milliseconds */
  every?: number;
  on?: boolean;
  off?: boolean;
  json?: boolean;
}

const TIMER = 'autoscaler.timer';

/**
 * Says how often the timer fires and whether it is on, and changes either. The config's own interval follows.
 *
 * @throws UserError permission, or failed where the timer is not there or does not do what it was told
 */
export async function timerCommand(options: TimerOptions): Promise<ExitCode> {
  const { every, on = false, off = false } = options;
  const isChange = every !== undefined || on || off;
  if (isChange) requireRoot(options);
  const before = await readTimer();
  const changed =
    every === undefined ? [] : await changeInterval(every / 1000, before, options.config);
  if (on || off) await turn(on ? 'on' : 'off');
  const document = await describe(options, changed);
  if (options.json === true) writeOut(`${JSON.stringify(document)}\n`);
  else openOutput(options).write(renderTimer(document, isChange));
  return EXIT.ok;
}

function requireRoot({ every, on }: TimerOptions): void {
  if (process.geteuid?.() === 0) return;
  const what = every !== undefined ? `--every ${every / 1000}s` : on === true ? '--on' : '--off';
  const text = 'the timer belongs to the host: only root can change it';
  throw new UserError(EXIT.permission, text, `sudo autoscaler timer ${what}`);
}

/** @throws UserError failed where there is none, or systemd does not answer */
async function readTimer(): Promise<Overview> {
  const overview = await readOverview([]);
  if (overview.timer.state !== 'not_installed') return overview;
  throw new UserError(
    EXIT.failed,
    `${TIMER} is not installed`,
    'The package and scripts/install.sh install it; without it, run "autoscaler run" from cron.',
  );
}

/** @throws UserError failed where it is not so afterwards */
async function turn(wanted: 'on' | 'off'): Promise<void> {
  await (wanted === 'on' ? enableUnit(TIMER) : disableUnit(TIMER));
  const { timer } = await readTimer();
  if (timer.state === wanted && timer.enabled === (wanted === 'on')) return;
  throw new UserError(
    EXIT.failed,
    `${TIMER} is ${timer.state} and ${timer.enabled ? 'enabled' : 'not enabled'} after it was turned ${wanted}`,
    `systemctl status ${TIMER}`,
  );
}

async function describe(
  options: TimerOptions,
  changed: TimerDocument['changed'],
): Promise<TimerDocument> {
  const overview = await readTimer();
  const now = readClocks();
  const config = await readConfig(options);
  return {
    ...{ v: 1, at: new Date(now.ms).toISOString() },
    timer: describeTimer(overview, now, null),
    every_s: overview.everyS,
    config:
      config === null
        ? null
        : {
            path: config.path,
            check_interval_s: config.config.global.check_interval_seconds,
            given: config.isIntervalGiven,
          },
    changed,
  };
}

/** null: there is none, or it is not for this user to read. A config with faults is for `check`. */
async function readConfig(options: TimerOptions): Promise<LoadedConfig | null> {
  const { loadConfig } = await import('../shared/load-config.ts');
  const { findConfigPath } = await import('../../config/file/read.ts');
  try {
    return await loadConfig(findConfigPath(options.config));
  } catch (error) {
    if (error instanceof UserError) return null;
    throw error;
  }
}
