import { planChange, type LiveQuestion } from '../../act/plan.ts';
import type { Plan } from '../../act/types.ts';
import { isRunning } from '../../model/unit-state.ts';
import type { EditMode } from '../../config/schema/schema.ts';
import type { KindName, Reason } from '../../model/types.ts';
import { countRunning } from '../../measure/services.ts';
import { readUnitProcesses } from '../../host/proc/proc.ts';
import { kindNamed } from '../../kinds/registry.ts';
import { selectWorkerTree } from '../../kinds/worker-tree.ts';
import type { UnitState } from '../../model/unit-state.ts';
import type { Refusal } from '../../kinds/command/source.ts';
import { TARGET } from '../../targets/registry.ts';
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
  /** see `WantedNumber` */
  mayReload: boolean;
}

/** The plan for one service from its files as they are now, or why it cannot be changed. @throws UserError */
export async function preparePlan(
  found: UnitState,
  { live, edit, mayReload, ...wanted }: Wanted,
): Promise<Plan | Refusal> {
  const planned = await TARGET.plan(found, { to: wanted.to, edit, mayReload, countRunning });
  if ('how' in planned) return planned;
  const { unit, pool, ...number } = planned;
  const { kind } = number;
  const running = isRunning(unit);
  const processes = running ? readUnitProcesses(unit) : new Map<number, never>();
  if ('error' in processes) return refuseUnseen(unit, processes.error, kind);
  // a service that is still starting may not have its master yet
  if (unit.activeState === 'active' && kindNamed(kind).pool.isCountable(pool)) {
    const tree = selectWorkerTree(processes, unit.mainPid, unit.kind);
    if ('error' in tree && tree.unseen) return refuseUnseen(unit, tree.error, kind);
  }
  const restart = running ? { restart: await readRestart(unit, kind) } : {};
  return planChange({
    ...{ service: unit.unit, ...wanted, ...number, running },
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
