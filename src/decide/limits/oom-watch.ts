import type { BrakeMemory } from '../../model/brake-types.ts';
import type { Reason, Sample } from '../../model/types.ts';

/** How long after a raise processes that the kernel ends for lack of memory are put down to it, seconds. */
export const WATCH_S = 900;

type OomReason = Extract<Reason, { code: 'oom_kills' }>;

/**
 * What is remembered of a raise that is being watched, with the processes that the kernel has ended between two samples.
 * A service that was started in between counts from 0.
 */
export function countKills(
  memory: BrakeMemory,
  before: Sample | null,
  now: Sample,
  service: string,
): BrakeMemory {
  if (memory.raised_s === undefined) return memory;
  if (memory.raised_s > WATCH_S) {
    const quiet = forgetRaise(memory);
    delete quiet.oom_undos;
    return quiet;
  }
  const [then, found] = [before?.services[service], now.services[service]];
  const kills = found?.oom_kills ?? null;
  if (kills === null) return memory;
  const isSame = before?.boot === now.boot && then?.main_start_s === found?.main_start_s;
  const more = isSame ? Math.max(0, kills - (then?.oom_kills ?? kills)) : kills;
  return more === 0 ? memory : { ...memory, raised_kills: (memory.raised_kills ?? 0) + more };
}

/** Whether there is anything to watch a raise by. */
export function isKillKnown({ services }: Sample, service: string): boolean {
  return typeof services[service]?.oom_kills === 'number';
}

/** Why the last raise is taken back; null: nothing speaks against it. */
export function reportKills(memory: BrakeMemory, current: number): OomReason | null {
  const { raised_s: ageS, raised_from: from, raised_kills: kills = 0 } = memory;
  if (ageS === undefined || from === undefined || kills === 0 || from >= current) return null;
  return { code: 'oom_kills', kills, from, sinceMs: ageS * 1000 };
}

/** Without the raise that was watched. */
export function forgetRaise(memory: BrakeMemory): BrakeMemory {
  const rest = { ...memory };
  delete rest.raised_s;
  delete rest.raised_from;
  delete rest.raised_kills;
  return rest;
}
