import { measureError, type MeasureError } from '../../model/measure-error.ts';
import { listIdle } from './task-pipe.ts';

/**
 * How many processes of a prefork pool run a task at this moment. What main and broker call reserved (fetched, not
 * begun) does not count.
 */
export function countRunningTasks(
  masterPid: number,
  workerPids: readonly number[],
): number | MeasureError {
  try {
    return workerPids.length - listIdle(masterPid, workerPids).length;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    const text = `what its processes wait for cannot be seen (${code})`;
    return measureError('unseen', text);
  }
}
