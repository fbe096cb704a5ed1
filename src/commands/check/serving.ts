import { kindNamed } from '../../kinds/registry.ts';
import type { KindName } from '../../model/types.ts';
import { ageMs } from '../../kinds/shared/process.ts';
import type { ActDeps } from '../../act/ports.ts';
import type { Finding } from './findings/types.ts';
import type { UnitState } from '../../model/unit-state.ts';

/** Younger ones may just have been started in the place of another (`--max-requests`). */
const STARTING_MS = 10_000;

/** Workers of a running service that do not serve, although they have had the time, or there are too many. */
export async function checkServing(
  service: { name: string; unit: UnitState; declared: number | null; kind: KindName },
  deps: ActDeps,
): Promise<Finding[]> {
  const { name, unit, declared } = service;
  const { words, actions } = kindNamed(service.kind);
  const { listServing } = await actions();
  const tree = await deps.findWorkerTree(unit);
  if ('error' in tree) return [];
  const { workerPids } = tree;
  const serving = listServing(workerPids, deps);
  if (serving === null) return [];
  const ages = workerPids.flatMap((pid) => {
    const startTicks = deps.processes.startTicks(pid);
    return startTicks === null || serving.includes(pid)
      ? []
      : [{ pid, age: ageMs({ pid, startTicks }, deps) }];
  });
  const limitMs = await deps.bootMs(unit);
  const isTooMany = declared !== null && workerPids.length > declared;
  const hasStarted = deps.monotonicMs() - tree.masterStartTicks * 10 > limitMs;
  const unserved = ages.filter(
    ({ age }) => age > limitMs || isTooMany || (hasStarted && age > STARTING_MS),
  );
  if (unserved.length === 0) return [];
  const { length: count } = unserved;
  const which = unserved.map(({ pid, age }) => `${pid} for ${Math.round(age / 1000)} s`);
  const more = isTooMany
    ? `; it declares ${declared}, and ${words.label} would end one that serves instead`
    : '';
  return [
    {
      ...{ code: 'worker_not_serving', severity: 'error', project: name },
      evidence: `${count} of ${workerPids.length} workers ${count === 1 ? 'has' : 'have'} not served yet (process ${which.join(', ')})${more}`,
      remedy: `see what it is waiting for while it loads the application: journalctl -n 50 -u ${unit.id}; workers that serve are left alone`,
    },
  ];
}
