import type { Drain, KindDeps, PoolChange } from '../ports.ts';

/** Whether a change can only wait: the service still finishes its tasks, and may do so. */
export function isHeldUp(change: PoolChange, deps: KindDeps): boolean {
  const { drain } = change;
  return drain !== null && isDraining(drain, deps) && !isOverdue(change, drain, deps);
}

/** Whether the process that was asked to finish still does. */
export function isDraining(drain: Drain, deps: KindDeps): boolean {
  const process = { pid: drain.pid, startTicks: drain.start_ticks };
  return drain.boot === deps.bootId() && deps.processes.isAlive(process);
}

/** A change that is taken back already, and a rollback, which takes others back, are waited for always. */
export function isOverdue(
  { service, isUndoing, isPatient }: PoolChange,
  { since_ms: sinceMs }: Drain,
  deps: KindDeps,
): boolean {
  if (isUndoing || isPatient) return false;
  return sinceMs !== undefined && deps.monotonicMs() - sinceMs >= deps.drainTimeoutMs(service);
}

/** Says that a service finishes its tasks, since when and how long it may. `label`: what it runs. */
export function tellTasks(
  { service }: PoolChange,
  { since_ms: sinceMs }: Drain,
  label: string,
  deps: KindDeps,
): () => void {
  const beginMs = sinceMs ?? deps.monotonicMs();
  const limitMs = deps.drainTimeoutMs(service);
  return () => deps.waitsFor(service, `${label} finishes its running tasks`, beginMs, limitMs);
}
