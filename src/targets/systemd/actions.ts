import { EXIT, UserError } from '../../errors.ts';
import { whileChanging } from '../../host/phase.ts';
import { joinCalls } from '../../host/join-calls.ts';
import { waitForPidFiles } from './pid-files.ts';
import { firstLine, runSystemctl } from './systemctl.ts';

const RELOAD_MS = 90_000;
/** systemd's own limits for stopping and starting, 90 s each, end earlier and say more */
const JOB_MS = 200_000;

/** Services that we are starting at this moment. */
const starting = new Set<string>();

/**
 * Makes systemd read all unit files again, at a moment when no other service loses by it. Changes that ask for it while one
 * is under way share the next one: it begins after all of them have written their files. @throws UserError
 */
export const daemonReload: () => Promise<void> = joinCalls<void, void>(
  () => act(['daemon-reload'], RELOAD_MS),
  () => waitForPidFiles(starting),
);

/** Restarts a service and waits until systemd calls it started. @throws UserError with what systemctl says */
export function restartUnit(unit: string): Promise<void> {
  return start(['restart', '--', unit], unit);
}

/** Starts a service and waits until systemd calls it started. @throws UserError with what systemctl says */
export function startUnit(unit: string): Promise<void> {
  return start(['start', '--', unit], unit);
}

/**
 * Has a unit started that systemd stopped with another one, and does not wait. A target pulls nothing in: what it wants and
 * was stopped stays so. @throws UserError with what systemctl says
 */
export function bringBackUnit(unit: string): Promise<void> {
  const mode = unit.endsWith('.target') ? ['--job-mode=ignore-requirements'] : [];
  return act(['start', '--no-block', ...mode, '--', unit], RELOAD_MS);
}

/** Stops a unit and waits for it. @throws UserError with what systemctl says */
export function stopUnit(unit: string): Promise<void> {
  return act(['stop', '--', unit], JOB_MS);
}

/** Starts a unit, now and with the host. @throws UserError with what systemctl says */
export function enableUnit(unit: string): Promise<void> {
  return act(['enable', '--now', '--', unit], JOB_MS);
}

/** Stops a unit and keeps it from starting with the host. @throws UserError with what systemctl says */
export function disableUnit(unit: string): Promise<void> {
  return act(['disable', '--now', '--', unit], JOB_MS);
}

/** Forgets a failure, so that start limits do not stand in the way. @throws UserError with what systemctl says */
export async function resetFailedUnit(unit: string): Promise<void> {
  // systemd has forgotten a unit that is stopped and that nothing needs: its failures too
  await act(['reset-failed', '--', unit], RELOAD_MS, NOT_LOADED);
}

async function start(args: string[], unit: string): Promise<void> {
  starting.add(unit);
  try {
    await act(args, JOB_MS);
  } finally {
    starting.delete(unit);
  }
}

/** systemctl has an exit code of its own for this with other commands, not with `reset-failed`. */
const NOT_LOADED = /not loaded/;

/** Runs systemctl; `isDone`: a refusal in these words is none. */
async function act(args: string[], timeoutMs: number, isDone?: RegExp): Promise<void> {
  const { exitCode, stderr } = await whileChanging(() => runSystemctl(args, timeoutMs));
  if (exitCode === 0 || isDone?.test(stderr) === true) return;
  const what = `systemctl ${args.filter((arg) => arg !== '--').join(' ')}: ${firstLine(stderr)}`;
  if (/authentication required|access denied|permission denied/i.test(stderr)) {
    throw new UserError(EXIT.permission, what, 'Run it as root (sudo).');
  }
  const unit = args.at(-1) ?? '';
  const hint = args.length > 1 ? `Its own words: journalctl -n 50 -u ${unit}` : undefined;
  throw new UserError(EXIT.failed, what, hint);
}
