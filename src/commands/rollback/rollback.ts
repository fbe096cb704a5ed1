import type { RollbackOptions } from './options.ts';
import type { Logger } from 'pino';
import { applyPlan } from '../../act/apply.ts';
import { listFinished, listPending, listUnreadable } from '../../act/journal/journal.ts';
import { whyBlocked } from '../../act/journal/recover.ts';
import type { ActDeps } from '../../act/ports.ts';
import { openSideBySide } from '../../act/side-by-side.ts';
import type { Outcome, Plan } from '../../act/types.ts';
import { EXIT, UserError, type ExitCode } from '../../errors.ts';
import { listChanges, renderChanges } from './changes-report.ts';
import { cleanLine } from '../../output/clean.ts';
import { renderRollback, type RollbackResult } from './report.ts';
import { openOutput, type Output } from '../../output/terminal.ts';
import { disableUnit } from '../../targets/systemd/actions.ts';
import { readUnits } from '../../targets/systemd/units.ts';
import { makeActDeps } from '../shared/act-deps.ts';
import { logOutcome, notingFailure, openCommandLog } from '../shared/log-events.ts';
import { beginRecovery } from '../shared/recover.ts';
import { rollBack } from './all.ts';
import { reportChanged } from './changed.ts';
import { readTrueChanges } from './names.ts';
import { findPlaces, requireRoot, type Places } from './places.ts';
import { isNamed, selectChains, type Chain } from './select.ts';
import { underLock } from '../shared/under-lock.ts';
import { writeErr, writeOut } from '../../host/streams.ts';

const TIMER = 'autoscaler.timer';

/** A run that makes changes takes seconds to a minute, and one more where Celery finishes its tasks. */
const WAIT_MS = 180_000;

/**
 * Back to the units as they were before the first change, or before the last one only. The timer is
 * stopped before that, since the next run would change them again. Works without a config, and with one that
 * is wrong: that may be why it is called. Celery's running tasks are waited for, however long they
 * take, because no later run would start the service again.
 */
export async function rollbackCommand(options: RollbackOptions): Promise<number> {
  requireRoot();
  const places = await findPlaces(options);
  const isWhole = await reportUnreadable(places);
  const { config } = places;
  const out = openOutput({ ...options, quiet: options.quiet === true || options.json === true });
  if (options.changed === true) return reportChanged(places.backup_dir, isWhole, options, out);
  if (options.list === true) return list(places, options, out);
  if (options.dryRun === true) {
    const deps = makeActDeps(places, { interruptedMs: () => null, log: null, config });
    const chains = await readChains(places, options);
    const results = await rollBack(chains, config, deps, () => Promise.resolve(null));
    return report(results, options, out);
  }
  const log = await openCommandLog(options, places.logFile);
  return notingFailure(places.logFile, async () => {
    const code = await rollBackLocked(places, options, log, out);
    return code === EXIT.ok && !isWhole ? EXIT.failed : code;
  });
}

/** Answers whether all of the journal can be read; what cannot is reported on stderr. */
async function reportUnreadable({ backup_dir: backupDir }: Places): Promise<boolean> {
  const unreadable = await listUnreadable(backupDir);
  for (const sentence of unreadable) writeErr(`autoscaler: ${cleanLine(sentence)}\n`);
  return unreadable.length === 0;
}

/**
 * Under the lock. A run that is under way is waited for. The timer is stopped, unless it is to be kept, when nothing
 * stands in the way any more: where the lock cannot be had, or a name is wrong, it is as it was.
 */
async function rollBackLocked(
  places: Places,
  options: RollbackOptions,
  log: Logger,
  out: Output,
): Promise<number> {
  const { config } = places;
  const guard = { places, log, global: config?.global, waitMs: WAIT_MS };
  return underLock(guard, async (signals) => {
    const deps = makeActDeps(places, { interruptedMs: signals.interruptedMs, log, config });
    deps.timing = { ...deps.timing, drainMs: Infinity };
    const { recovery, ended } = await beginRecovery(deps, openSideBySide(), log);
    await ended;
    const apply = async (plan: Plan, own: ActDeps): Promise<Outcome | null> => {
      if (signals.interruptedMs() !== null) return null;
      const why = whyBlocked(recovery, plan.service);
      if (why !== null) throw new UserError(EXIT.failed, `${why}: see above`);
      const outcome = await applyPlan(plan, own);
      logOutcome(log, outcome);
      return outcome;
    };
    const chains = await readChains(places, options);
    const keepsTimer = options.keepTimer === true || signals.interruptedMs() !== null;
    const isTimerOff = keepsTimer || (await stopTimer(log, out));
    const results = await rollBack(chains, config, deps, apply);
    const code = await report(results, options, out);
    return signals.exitCode() ?? (isTimerOff ? code : EXIT.failed);
  });
}

async function list(
  { backup_dir: backupDir }: Places,
  options: RollbackOptions,
  out: Output,
): Promise<ExitCode> {
  const pending = (await listPending(backupDir)).flatMap(({ manifest }) =>
    'fault' in manifest ? [] : [manifest],
  );
  const all = [...(await listFinished(backupDir)), ...pending];
  const changes = all.filter((change) => isNamed(change, options.services));
  if (options.json === true) {
    writeOut(`${JSON.stringify({ changes: listChanges(changes) })}\n`);
  } else out.write(renderChanges(changes));
  return EXIT.ok;
}

async function readChains(
  { backup_dir: backupDir }: Places,
  options: RollbackOptions,
): Promise<Chain[]> {
  const { finished, names } = await readTrueChanges(backupDir, options.services);
  return selectChains(finished, names, options.last === true);
}

/** Whether the timer is off now; one that is not installed is. */
async function stopTimer(log: Logger, out: Output): Promise<boolean> {
  const timer = (await readUnits([TIMER])).get(TIMER);
  if (timer === undefined || timer.loadState === 'not-found') return true;
  try {
    await disableUnit(TIMER);
    out.write(
      `${TIMER}: stopped and disabled (to turn it on again: systemctl enable --now ${TIMER})\n`,
    );
    return true;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    log.error({ event: 'rollback' }, `${TIMER} could not be stopped: ${error.message}`);
    return false;
  }
}

async function report(
  results: RollbackResult[],
  options: RollbackOptions,
  out: Output,
): Promise<ExitCode> {
  const dryRun = options.dryRun === true;
  if (options.json === true) {
    writeOut(`${JSON.stringify({ dry_run: dryRun, services: results })}\n`);
  } else out.write(await renderRollback(results, dryRun));
  const isDone = results.every((result) =>
    'error' in result ? false : dryRun || result.outcome?.result === 'applied',
  );
  return isDone ? EXIT.ok : EXIT.failed;
}
