import type { UnitState } from '../../model/unit-state.ts';
import { readProcess } from '../../host/proc/proc.ts';
import { readStat } from '../../host/proc/stat.ts';
import type { KindDeps, WorkerTree } from '../ports.ts';
import { hasBooted } from './heartbeat.ts';
import { tryLoad } from './load-trial.ts';
import { findNewerCode } from './newer-code.ts';

/**
 * Where the files of the application are newer than the youngest worker that serves, or that cannot be determined, it is loaded
 * once apart. With `--preload` the workers of a running master have the code already.
 */
export async function findLoadFault(
  unit: UnitState,
  tree: WorkerTree,
  resize: 'live' | 'restart',
  deps: Pick<KindDeps, 'bootMs' | 'target'>,
): Promise<string | null> {
  const { masterPid, workerPids } = tree;
  const isPreloaded = readProcess(masterPid)?.argv.includes('--preload') === true;
  if (resize === 'live' && isPreloaded) return null;
  const serving = workerPids.filter((pid) => hasBooted(pid) !== false);
  const starts = serving.map((pid) => readStat(pid)?.startTicks ?? 0);
  const youngest = Math.max(tree.masterStartTicks, ...(isPreloaded ? [] : starts));
  const nowTicks = Number(process.hrtime.bigint() / 10_000_000n);
  const sinceMs = Date.now() - (nowTicks - youngest) * 10;
  const newer = findNewerCode(masterPid, unit.workingDirectory, sinceMs);
  if (newer === null) return null;
  const why =
    newer === 'unknown'
      ? 'the application was test-loaded'
      : `${newer.path} is newer than its workers, so the application was test-loaded`;
  const trial = await tryLoad(unit.id, tree, await deps.bootMs(unit), deps.target);
  if (trial === 'loads') return null;
  if ('fails' in trial) return `${why}, and does not load: ${trial.fails}`;
  // what nobody can tell is no reason to change nothing ever
  return newer === 'unknown'
    ? null
    : `${newer.path} is newer than its workers, and whether it can be loaded is unknown (${trial.unknown})`;
}
