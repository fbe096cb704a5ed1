import type { StatusTimer } from '../status/types.ts';
import type { Clocks } from '../../model/clocks.ts';
import type { Overview } from '../../targets/systemd/timer.ts';

/**
 * The timer as it is reported. `sampledAt`: when the last run of this boot has measured, for systemd forgets the last run of
 * a service whose timer is stopped; null: none has.
 */
export function describeTimer(
  overview: Pick<Overview, 'timer'> | { error: string },
  now: Clocks,
  sampledAt: string | null,
): StatusTimer {
  if ('error' in overview) {
    const nothing = { next_at: null, last_result: null, last_exit_code: null };
    const rest = { last_at: sampledAt, ...nothing, error: overview.error };
    return { state: 'unknown', enabled: false, running: false, ...rest };
  }
  const { state, enabled, nextMs, runningSinceMs, lastMs, lastResult, lastExitCode } =
    overview.timer;
  // the clock that systemd uses for such timers
  const monotonicMs = Number(process.hrtime.bigint() / 1_000_000n);
  const toIso = (ms: number | null): string | null =>
    ms === null ? null : new Date(now.ms + ms - monotonicMs).toISOString();
  const running = runningSinceMs !== null;
  return {
    ...{ state, enabled, running },
    // while a run is under way the last sample may be its own
    ...{ next_at: toIso(nextMs), last_at: toIso(lastMs) ?? (running ? null : sampledAt) },
    ...{ last_result: lastResult, last_exit_code: lastExitCode, error: null },
  };
}
