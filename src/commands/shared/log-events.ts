import type { Logger } from 'pino';
import type { Outcome } from '../../act/types.ts';
import { formatFault, type Fault } from '../../config/file/fault.ts';
import type { GlobalOptions } from './global-options.ts';
import { noteEvent } from './events.ts';
import { EXIT, UserError } from '../../errors.ts';
import { toUserError } from '../../host/fault.ts';
import { openLog } from '../../log.ts';
import type { ServiceReport } from '../run/run-report.ts';
import { mayColor } from '../../output/terminal.ts';
import { allowStatus, isTerminal } from '../../host/streams.ts';

/** The log of one call; `file` null: stderr alone. */
export function openCommandLog(options: GlobalOptions, file: string | null): Promise<Logger> {
  allowStatus(options);
  const verbosity =
    options.quiet === true ? 'quiet' : options.verbose === true ? 'verbose' : 'normal';
  const color = options.color && mayColor(isTerminal('stderr'));
  return openLog({ file, verbosity, color });
}

/**
 * Does the work of a command that the timer calls: an error that ends it is logged (level ERROR, event `failed`), on stderr
 * as in the file, and is not reported again.
 */
export async function loggingFailure<T>(log: Logger, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const fault = toUserError(error) ?? error;
    logFailure(log, fault);
    if (fault instanceof UserError) fault.isLogged = true;
    throw fault;
  }
}

/** Does the work of a command that people call: an error that ends it goes to the log file, and still has to be shown to them. */
export async function notingFailure<T>(file: string | null, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const fault = toUserError(error) ?? error;
    if (file !== null) logFailure(await openLog({ file, verbosity: 'none', color: false }), fault);
    throw fault;
  }
}

function logFailure(log: Logger, error: unknown): void {
  if (error instanceof UserError) {
    const { exitCode, message, hint } = error;
    const text = hint === undefined ? message : `${message} (${hint})`;
    log.error({ event: 'failed', exit_code: exitCode }, text);
  } else log.error({ event: 'failed', exit_code: EXIT.failed }, `a bug: ${String(error)}`);
}

/** Logs the warnings of a command that only looks; if there are none, as is usual, no log is opened. */
export async function warn(
  options: GlobalOptions,
  event: string,
  warnings: readonly string[],
): Promise<void> {
  if (warnings.length === 0) return;
  const log = await openCommandLog(options, null);
  for (const warning of warnings) log.warn({ event }, warning);
}

/** What is odd in a config but does no harm. */
export function logWarnings(log: Logger, warnings: readonly Fault[]): void {
  for (const warning of warnings) log.warn({ event: 'config' }, formatFault(warning));
}

/** One line for a decision that changes nothing: event `none`, with what holds a change back. */
export function logIdle(log: Logger, report: ServiceReport): ServiceReport {
  const { project, service, from, to, wanted, hold, codes, reason, error } = report;
  const fields = { event: 'none', project, service, from, to, wanted, hold, codes };
  if (error === null) log.info(fields, `${project}: ${reason}`);
  else log.error({ ...fields, error }, `${project}: ${reason}: ${error}`);
  return report;
}

/** One line for a change: event `scale_up`, `scale_down`, `heal`, `rollback`, or `recovered` for one that an earlier run left. */
export function logOutcome(log: Logger, outcome: Outcome, event: string = outcome.action): void {
  noteEvent(log, outcome, event);
  const { project, service, from, to, result, reason, sentence, hint } = outcome;
  const fields = { event, project, service, from, to, result, reason };
  // a change that was not made because it is not allowed is reported with the decision
  if (result === 'refused' && (outcome.obstacle ?? outcome.held) !== undefined) return;
  const isGood = ['applied', 'draining', 'waiting'].includes(result) && outcome.failed !== true;
  if (isGood) log.info(fields, `${sentence}: ${reason}`);
  else log.error(fields, hint === null ? sentence : `${sentence} (${hint})`);
}
