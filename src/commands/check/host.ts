import { about } from './findings/about-host.ts';
import { dirname } from 'node:path';
import { listPending } from '../../act/journal/journal.ts';
import { checkDisks } from './findings/disk.ts';
import { checkInterval, checkPace } from './findings/timer.ts';
import type { Finding } from './findings/types.ts';
import type { Config, Global } from '../../config/schema/schema.ts';
import { UserError } from '../../errors.ts';
import { whyNoAttributes } from '../../host/files/attributes.ts';
import { judgePath } from '../../host/files/judge.ts';
import { readControls } from '../../state/controls.ts';
import { readRecent } from '../../state/history.ts';
import { checkStateDir } from '../../host/files/trusted.ts';
import { readOverview, type TimerState } from '../../targets/systemd/timer.ts';
import { checkFlock, checkLock, listLocks } from './locks.ts';
import { readDisks } from './read-disks.ts';

const TIMER = 'autoscaler.timer';

/** What a fault that was thrown says, as a finding. @throws whatever is no UserError */
export function toFinding(code: string, error: unknown, project: string | null = null): Finding {
  if (!(error instanceof UserError)) throw error;
  const { message, hint = null } = error;
  return { code, severity: 'error', project, evidence: message, remedy: hint };
}

/** Who asks: without root little can be seen, and nothing changed. */
export function checkUser(): Finding[] {
  if (process.geteuid?.() === 0) return [];
  return [
    about(
      'not_root',
      'warning',
      'not running as root: only what this user may see is checked, and run needs root',
      'sudo autoscaler check',
    ),
  ];
}

/**
 * State, lock, backups and log: whether they can be used and trusted, what is in progress, whether there is room for
 * them. Writes nothing.
 */
export async function checkPlaces(global: Global): Promise<Finding[]> {
  const { state_dir: stateDir, backup_dir: backupDir } = global;
  const state = collect('state_unusable', () => checkState(stateDir, global));
  const isUnusable = state.some(({ code }) => code === 'state_unusable');
  const controls = isUnusable ? [] : checkControls(stateDir);
  const flock = checkFlock();
  // they are looked at with it
  const locks = (flock.length > 0 ? [] : listLocks(global)).map((path) =>
    collect('lock_unusable', () => checkLock(path, Date.now())),
  );
  const isUnderWay = locks
    .slice(0, 2)
    .flat()
    .some(({ code }) => code === 'lock_held');
  const backups = await checkBackups(backupDir, isUnderWay).catch((error: unknown) => [
    toFinding('backups_unusable', error),
  ]);
  const { log_file: logFile } = global;
  const disks = readDisks([stateDir, backupDir, ...(logFile === undefined ? [] : [logFile])]);
  const log = logFile === undefined ? [] : checkLog(logFile);
  const able = [...flock, ...checkPerl()];
  return [
    ...state,
    ...controls,
    ...able,
    ...locks.flat(),
    ...backups,
    ...log,
    ...checkDisks(disks),
  ];
}

/** Nothing is changed while the pauses and pins cannot be read. */
function checkControls(stateDir: string): Finding[] {
  return collect('controls_unusable', () => {
    readControls(stateDir);
    return [];
  });
}

/** The log in a folder of others does no harm, and is no evidence. */
function checkLog(path: string): Finding[] {
  const verdict = judgePath(dirname(path));
  if (verdict.trusted || verdict.uid === null) return [];
  const evidence = `${path}: ${verdict.reason}: others can change or remove the log`;
  return [about('log_foreign', 'warning', evidence, verdict.command)];
}

function checkPerl(): Finding[] {
  const why = whyNoAttributes();
  if (why === null) return [];
  const evidence = `${why}: no file can be edited, as its ACL and extended attributes would be lost`;
  return [about('attributes_unreadable', 'error', evidence, 'apt-get install perl-base')];
}

function collect(code: string, look: () => Finding[]): Finding[] {
  try {
    return look();
  } catch (error) {
    return [toFinding(code, error)];
  }
}

function checkState(stateDir: string, { check_interval_seconds: intervalS }: Global): Finding[] {
  if (!checkStateDir(stateDir)) {
    return [
      about('state_missing', 'info', `${stateDir} does not exist yet: the first run creates it`),
    ];
  }
  const { entries, warnings } = readRecent(stateDir, 0);
  const damaged = warnings.map((text) => about('history_damaged', 'warning', text));
  const last = entries.findLast((entry) => entry.kind === 'sample');
  if (last === undefined) {
    return [
      ...damaged,
      about('history_empty', 'info', `${stateDir}: no run has recorded a sample yet`),
    ];
  }
  const ageS = Math.round((Date.now() - Date.parse(last.at)) / 1000);
  const isOld = ageS > 2.5 * intervalS;
  return [
    ...damaged,
    about(
      isOld ? 'history_old' : 'history_fresh',
      isOld ? 'warning' : 'info',
      `the last sample is ${ageS} s old (a run is due every ${intervalS} s)`,
      isOld ? `Is the timer on? systemctl list-timers ${TIMER}; journalctl -u autoscaler` : null,
    ),
  ];
}

/** `isUnderWay`: a run is, and may be at a change. */
async function checkBackups(backupDir: string, isUnderWay: boolean): Promise<Finding[]> {
  if (!checkStateDir(backupDir)) {
    return [
      about('backups_missing', 'info', `${backupDir} does not exist yet: the first run creates it`),
    ];
  }
  return (await listPending(backupDir)).map(({ folder, manifest }) =>
    'fault' in manifest
      ? about(
          'change_unreadable',
          'error',
          `${folder}: the record of a change in progress cannot be read (${manifest.detail})`,
          'autoscaler run reports what to do about it',
        )
      : about(
          'change_in_progress',
          isUnderWay ? 'info' : 'warning',
          `a change of ${manifest.service} (${manifest.from} → ${manifest.to}) has not ended`,
          isUnderWay ? null : 'the next run completes it or rolls it back',
        ),
  );
}

/**
 * Whether runs come by themselves, and as often as the config says, where it says how often.
 *
 * @throws UserError where systemd does not answer
 */
export async function checkTimer(config: Config): Promise<Finding[]> {
  const { timer, everyS } = await readOverview([]);
  if (timer.state === 'not_installed') {
    const remedy =
      'install it (scripts/install.sh or the package), or run "autoscaler run" from cron';
    return [about('timer_missing', 'warning', `${TIMER} is not installed`, remedy)];
  }
  const enable = `systemctl enable --now ${TIMER}`;
  if (timer.state !== 'on') return [about('timer_off', 'warning', describeOff(timer), enable)];
  const intervalS = config.global.check_interval_seconds;
  const findings = everyS === null ? [] : checkInterval(everyS, intervalS);
  if (!timer.enabled) {
    const evidence = `${TIMER} is running but not enabled: it does not start after a reboot`;
    findings.push(about('timer_not_enabled', 'warning', evidence, enable));
  }
  if (findings.length > 0) return findings;
  const every =
    everyS === null
      ? `: by calendar, counted as every ${intervalS} s (check_interval_seconds)`
      : `, every ${everyS} s`;
  const hasQueues = Object.values(config.projects).some(
    (project) => project.broker_url !== undefined,
  );
  return [about('timer_on', 'info', `${TIMER} is on${every}`), ...checkPace(intervalS, hasQueues)];
}

function describeOff({ enabled }: TimerState): string {
  return enabled ? `${TIMER} is stopped: no runs before the next boot` : `${TIMER} is off: no runs`;
}
