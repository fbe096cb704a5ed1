import { kindNamed } from '../../kinds/registry.ts';
import { findObstacle } from '../../act/live.ts';
import type { ActDeps } from '../../act/ports.ts';
import { isRunning } from '../../model/unit-state.ts';
import type { Config } from '../../config/schema/schema.ts';
import { UserError } from '../../errors.ts';
import type { Candidate } from '../../kinds/shared/proposal.ts';
import type { UnitState } from '../../model/unit-state.ts';
import { makeActDeps } from '../shared/act-deps.ts';

/** What only a running service can tell. */
export interface WorkerAnswer {
  /** why its pool could not be changed without a restart; null: it can, or it does not run */
  obstacle: string | null;
  /** those that a Celery worker takes tasks from; null: it does not say */
  queues: string[] | null;
}

/** Asks a service, a Celery worker over its broker; nothing is changed by it. */
export async function askWorker(
  unit: UnitState,
  { kind, broker }: Pick<Candidate, 'kind' | 'broker'>,
  config: Config,
): Promise<WorkerAnswer> {
  if (!isRunning(unit)) return { obstacle: null, queues: null };
  const project = { service_name: unit.id, ...(broker !== null && { broker_url: broker }) };
  const projects = { asked: project } as unknown as Config['projects'];
  const deps = makeActDeps(config.global, {
    ...{ interruptedMs: () => null, log: null, config: { ...config, projects } },
  });
  const queues = broker === null ? null : await askQueues(unit, deps);
  try {
    return { obstacle: await findObstacle(kind, unit, deps), queues };
  } catch (error) {
    if (error instanceof UserError) return { obstacle: error.message, queues };
    throw error;
  }
}

async function askQueues(unit: UnitState, deps: ActDeps): Promise<string[] | null> {
  const tree = await deps.findWorkerTree(unit);
  if ('error' in tree) return null;
  const { askTaking } = await kindNamed(tree.kind).actions();
  const taking = await askTaking(unit.id, tree.masterPid, deps);
  return taking === null || taking.queues.length === 0 ? null : taking.queues;
}
