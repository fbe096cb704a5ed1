import type { PoolSize } from '../actions.ts';
import type { KindDeps, WorkerTree } from '../ports.ts';
import { portOf } from '../shared/port-of.ts';
import { celeryPorts } from './ports.ts';
import { asObject } from '../../model/foreign-json.ts';

/** A pool has a few processes for each processor; anybody who may write to the broker can answer in its place. */
const MOST_PROCESSES = 4096;
/** A worker that has not answered this often is not asked again. */
const MOST_SILENT = 2;

/** The size of a pool whose processes may be replaced all the time. */
export interface CelerySize extends PoolSize {
  /** by the pool's own word, where it can be asked */
  ask: (tree: WorkerTree) => Promise<number>;
  /** whether processes came and went while it was looked at */
  isReplacing: () => boolean;
}

/**
 * Counts the pool of a service that is looked at again and again. A process that ends is replaced by the main process in
 * the next moment (`--max-tasks-per-child`, `--max-memory-per-child`, one that was killed), and until then it is missing
 * in /proc, not in the pool. So once one has gone, Celery is asked (`inspect stats`). Where it cannot be asked, the most
 * that ran at once in the last `settleMs` count: there are never more than the pool has.
 */
export function watchPoolSize(service: string, deps: KindDeps): CelerySize {
  let before: WorkerTree | null = null;
  let isReplacing = false;
  let silent = 0;
  let seen: { atMs: number; count: number }[] = [];

  const note = (tree: WorkerTree): void => {
    const isSame = before?.masterPid === tree.masterPid;
    if (!isSame) [isReplacing, silent, seen] = [false, 0, []];
    const pids = new Set(tree.workerPids);
    if (isSame && before?.workerPids.some((pid) => !pids.has(pid)) === true) isReplacing = true;
    before = tree;
    const nowMs = deps.monotonicMs();
    seen = seen.filter(({ atMs }) => nowMs - atMs <= deps.timing.settleMs);
    seen.push({ atMs: nowMs, count: pids.size });
  };
  const asked = async ({ masterPid }: WorkerTree): Promise<number | null> => {
    if (silent >= MOST_SILENT) return null;
    const said = await askPoolSize(service, masterPid, deps);
    silent = said === null ? silent + 1 : 0;
    return said;
  };
  const most = (): number => Math.max(...seen.map(({ count }) => count));
  return {
    of: async (tree) => {
      note(tree);
      return isReplacing ? ((await asked(tree)) ?? most()) : tree.workerPids.length;
    },
    ask: async (tree) => {
      note(tree);
      const said = await asked(tree);
      // others than are to be seen: some are missing at this moment
      if (said !== null && said !== tree.workerPids.length) isReplacing = true;
      return said ?? (isReplacing ? most() : tree.workerPids.length);
    },
    isReplacing: () => isReplacing,
  };
}

/** The size of the pool by the word of the worker with this main process; null: it does not say. */
export async function askPoolSize(
  service: string,
  mainPid: number,
  deps: KindDeps,
): Promise<number | null> {
  const { control } = portOf(celeryPorts, deps);
  const node = deps.brokerOf(service) === null ? null : control.nodeOf(mainPid);
  if (node === null) return null;
  const answer = await control.ask(service, node, { method: 'stats', arguments: {} });
  if ('error' in answer) return null;
  const own = answer.replies.map(asObject).filter(({ pid }) => pid === mainPid);
  return own.length === 1 ? readPoolSize(own[0]!) : null;
}

/** `pool.processes` of what a worker answers to `stats`: the processes by number, whatever they do; null: it is none. */
export function readPoolSize(stats: Record<string, unknown>): number | null {
  const { processes } = asObject(stats['pool']);
  if (!Array.isArray(processes) || processes.length > MOST_PROCESSES) return null;
  const pids = new Set(processes);
  const isGood = processes.every((pid) => Number.isSafeInteger(pid) && pid > 0);
  return isGood && pids.size === processes.length && pids.size > 0 ? pids.size : null;
}
