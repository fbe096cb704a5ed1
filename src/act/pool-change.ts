import type { PoolChange, ProcessRef } from '../kinds/ports.ts';
import { saveChange, type Change } from './journal/checkpoint.ts';
import { listFinished } from './journal/journal.ts';
import { readWaited } from './leave.ts';
import type { ActDeps } from './ports.ts';

/** A change of the journal as the kind of its service sees it. */
export function toPoolChange(change: Change, deps: ActDeps): PoolChange {
  const { service, from, to, action } = change.manifest;
  return {
    ...{ service, from, to },
    get isUndoing() {
      return change.manifest.undo_because !== null;
    },
    isResumed: change.written === null,
    isPatient: action === 'rollback',
    get drain() {
      return change.manifest.drain;
    },
    get waited() {
      return readWaited(change, deps);
    },
    readLeaving: () => readLeaving(service, deps),
    note: ({ drain, leaving, waited }) => {
      const boot = deps.bootId();
      const news = {
        ...(drain !== undefined && { drain }),
        ...(leaving !== undefined && {
          leaving: leaving.map(({ pid, startTicks }) => ({ boot, pid, start_ticks: startTicks })),
        }),
        ...(waited !== undefined && { waiting: waited }),
      };
      saveChange(change, news, deps);
    },
  };
}

/** The workers of a service that earlier changes have asked to end and that still live, by process. */
export async function readLeaving(
  service: string,
  deps: ActDeps,
): Promise<Map<number, ProcessRef>> {
  const noted = (await listFinished(deps.backupDir, service)).flatMap(
    ({ leaving = [] }) => leaving,
  );
  const refs = noted
    .filter(({ boot }) => boot === deps.bootId())
    .map(({ pid, start_ticks: startTicks }) => ({ pid, startTicks }))
    .filter((ref) => deps.processes.isAlive(ref));
  return new Map(refs.map((ref) => [ref.pid, ref]));
}
