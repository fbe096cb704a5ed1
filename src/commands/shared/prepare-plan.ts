import { planChange, type LiveQuestion } from '../../act/plan.ts';
import type { Plan } from '../../act/types.ts';
import { isRunning } from '../../model/unit-state.ts';
import type { EditMode } from '../../config/schema/schema.ts';
import type { KindName, Reason } from '../../model/types.ts';
import { countRunning } from '../../measure/services.ts';
import { readUnitSources } from '../../targets/systemd/unit-sources.ts';
import { daemonReload } from '../../targets/systemd/actions.ts';
import { readUnitProcesses } from '../../host/proc/proc.ts';
import { kindNamed } from '../../kinds/registry.ts';
import { selectWorkerTree } from '../../kinds/worker-tree.ts';
import { findSharedPaths } from '../../targets/systemd/shared-paths.ts';
import type { UnitState } from '../../model/unit-state.ts';
import { readUnits } from '../../targets/systemd/units.ts';
import type { Refusal } from '../../kinds/command/source.ts';
import { assumeRunning } from '../../targets/systemd/unit-file/locate/assume-running.ts';
import { ourEnvironmentPath } from '../../targets/systemd/unit-file/our-files.ts';
import { locateWorkers, readCommandFacts } from '../../targets/systemd/unit-file/locate/workers.ts';
import { readRestart } from './read-restart.ts';

/** The change that is wanted, before it is known which files it edits. */
export interface Wanted {
  project: string | null;
  to: number;
  reasons: Reason[];
  reason: string;
  live: Omit<LiveQuestion, 'pool'>;
  /** which files may be edited */
  edit: EditMode;
  /** if files have been edited since systemd read them, it reads them again now, as the change would make it do anyway */
  mayReload: boolean;
}

/**
 * The plan for one service from its files as they are now, or why it cannot be changed. Only here are other units searched
 * for files that they share: that is expensive, and a cycle that changes nothing does not need it.
 */
export async function preparePlan(
  found: UnitState,
  { live, edit, mayReload, ...wanted }: Wanted,
): Promise<Plan | Refusal> {
  const unit = mayReload && found.needDaemonReload ? await reload(found) : found;
  const sharedPaths = await findSharedPaths(unit);
  const sources = { ...readUnitSources(unit), sharedPaths, edit };
  const located = locateWorkers(sources);
  const isAssumed = located.how === 'drop_in' && located.assumed;
  const location = isAssumed ? assumeRunning(located, await countRunning(unit)) : located;
  if (location.how === 'refused') return location;
  const running = isRunning(unit);
  const processes = running ? readUnitProcesses(unit) : new Map<number, never>();
  if ('error' in processes) return refuseUnseen(unit, processes.error, location.kind);
  const pool = readCommandFacts(sources)?.pool ?? null;
  // a service that is still starting may not have its master yet
  if (unit.activeState === 'active' && kindNamed(location.kind).pool.isCountable(pool)) {
    const tree = selectWorkerTree(processes, unit.mainPid, unit.kind);
    if ('error' in tree && tree.unseen) return refuseUnseen(unit, tree.error, location.kind);
  }
  const texts = new Map<string, string>();
  for (const file of [sources.fragment, ...sources.dropIns]) {
    if (file !== null) texts.set(file.path, file.text);
  }
  for (const { path, text } of sources.environmentFiles) if (text !== null) texts.set(path, text);
  const { ourEnvironment } = sources;
  if (ourEnvironment !== null) texts.set(ourEnvironmentPath(sources.unit), ourEnvironment);
  const restart = running ? { restart: await readRestart(unit, location.kind) } : {};
  return planChange({
    ...{ service: unit.unit, ...wanted, location, texts, running },
    live: { ...live, pool, ...restart },
  });
}

/** The service would be restarted, and the change rolled back in the end because nobody could see that it serves. */
function refuseUnseen({ unit }: UnitState, error: string, kind: KindName | null): Refusal {
  return {
    ...{ how: 'refused', kind, code: 'unreadable' },
    message: `${unit}: ${error}; so a change of it could not be verified`,
    hint: `Look at its processes: systemd-cgls -u ${unit}`,
  };
}

async function reload(unit: UnitState): Promise<UnitState> {
  await daemonReload();
  const read = (await readUnits([unit.unit])).get(unit.unit);
  return read === undefined ? unit : { ...read, kind: unit.kind };
}
