import { listPending } from '../../act/journal/journal.ts';
import { EXIT, type ExitCode } from '../../errors.ts';
import { readBootId } from '../../host/clock.ts';
import { cleanLine } from '../../output/clean.ts';
import { writeErr, writeOut } from '../../host/streams.ts';
import { startAfter } from '../../targets/systemd/start-after.ts';
import type { GlobalOptions } from '../shared/global-options.ts';
import { findPlaces, requireRoot } from '../rollback/places.ts';

/**
 * For a removal of the program: Celery workers that still finish their tasks, and that no run will start again, are left
 * to systemd, which does so.
 */
export async function handOverCommand(options: GlobalOptions): Promise<ExitCode> {
  requireRoot();
  const { backup_dir: backupDir } = await findPlaces(options);
  const boot = readBootId();
  let code: ExitCode = EXIT.ok;
  for (const { manifest } of await listPending(backupDir)) {
    if ('fault' in manifest) continue;
    const { service, drain, followers = [], from, to, undo_because: why } = manifest;
    if (drain?.signalled !== true || drain.boot !== boot) continue;
    const workers = why === null ? to : from;
    const name = cleanLine(service);
    const units = [service, ...followers.map(({ unit }) => unit)];
    const error = await startAfter({ pid: drain.pid, startTicks: drain.start_ticks }, units);
    if (error === null) {
      writeOut(
        `autoscaler: ${name} finishes its running tasks; systemd then starts it with ${workers} workers\n`,
      );
    } else {
      code = EXIT.failed;
      writeErr(
        `autoscaler: ${name} finishes its running tasks, but nothing will start it afterwards (${cleanLine(error)}): run systemctl start ${name}\n`,
      );
    }
  }
  return code;
}
