import type { UnitState } from '../model/unit-state.ts';
import type { ActDeps } from './ports.ts';
import type { Plan } from './types.ts';

/**
 * Why new workers of a running Gunicorn would not come up, as far as that shows beforehand: a worker that cannot load the
 * application ends its master, and with it those that serve. null: nothing is known against it, or none is started.
 */
export async function findLoadFault(
  { kind, to }: Pick<Plan, 'kind' | 'to'>,
  resize: Plan['resize'],
  unit: UnitState,
  deps: ActDeps,
): Promise<string | null> {
  if (kind !== 'gunicorn' || resize === 'none') return null;
  const tree = await deps.findWorkerTree(unit);
  if ('error' in tree || (resize === 'live' && to <= tree.workerPids.length)) return null;
  deps.step('try to load');
  return deps.findLoadFault(unit, tree, resize);
}
