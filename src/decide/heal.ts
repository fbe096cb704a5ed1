import type { Decision, Policy, Reason, Sample } from '../model/types.ts';

/** Holds that stand in the way of a heal too. */
const HOLDS: readonly Decision['hold'][] = ['paused', 'failed_change', 'not_running', 'disabled'];

/**
 * What to say of drift: other workers run than the service declares, as after a reload by which Gunicorn has
 * fallen back to the number of its old command line; null: none, or it cannot be determined.
 */
export function findDrift(service: string, sample: Sample): (Reason & { code: 'drift' }) | null {
  const { workers, running, active } = sample.services[service] ?? {};
  if (typeof workers !== 'number' || typeof running !== 'number') return null;
  // on its way up, down or to another process its workers say nothing
  if (active !== undefined && active !== 'active') return null;
  return workers === running ? null : { code: 'drift', running, declared: workers };
}

/**
 * The running workers that are to become as many as the service declares; null: nothing is to be healed. Only
 * where the pool can be changed without a restart, where nothing else is decided, and where nothing holds
 * the service back or pauses this direction. More of them only where memory for more remains.
 */
export function decideHeal(
  decision: Decision,
  policy: Pick<Policy, 'memoryThresholdMb' | 'pause'>,
  sample: Sample,
): { from: number; to: number; reason: Reason } | null {
  const drift = findDrift(decision.service, sample);
  if (drift === null || decision.action !== 'none' || HOLDS.includes(decision.hold)) return null;
  const { running: from, declared: to } = drift;
  if ((policy.pause?.[to > from ? 'up' : 'down'] ?? null) !== null) return null;
  if (to > from && !hasMemory(decision.service, to - from, policy, sample)) return null;
  return { from, to, reason: drift };
}

function hasMemory(
  service: string,
  more: number,
  { memoryThresholdMb }: Pick<Policy, 'memoryThresholdMb'>,
  sample: Sample,
): boolean {
  if (memoryThresholdMb === null) return true;
  const { memory_mb: memoryMb, running } = sample.services[service] ?? {};
  const availableMb = sample.host.memory_available_mb;
  if (availableMb === null) return false;
  const workerMb = typeof memoryMb === 'number' && running ? memoryMb / running : 0;
  return availableMb - more * workerMb >= memoryThresholdMb;
}
