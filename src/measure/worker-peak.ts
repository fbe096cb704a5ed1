import type { ServiceSample } from '../model/types.ts';

/** After this time a peak is forgotten: a leak may have been fixed meanwhile. */
const DAY_S = 24 * 3600;

/**
 * The most that one worker has held within a day, carried on from sample to sample: after a restart the workers are
 * small and say little of what they will cost.
 */
export function carryPeak(
  { memory_mb: memoryMb, running }: ServiceSample,
  before: ServiceSample | undefined,
  seconds: number,
): Pick<ServiceSample, 'worker_peak_mb' | 'worker_peak_s'> {
  const peakMb = before?.worker_peak_mb ?? null;
  const ageS = Math.round((before?.worker_peak_s ?? 0) + seconds);
  const isKept = peakMb !== null && ageS <= DAY_S;
  const nowMb =
    typeof memoryMb === 'number' && typeof running === 'number' && running > 0
      ? Math.round((memoryMb / running) * 10) / 10
      : null;
  if (nowMb !== null && (!isKept || nowMb >= peakMb)) {
    return { worker_peak_mb: nowMb, worker_peak_s: 0 };
  }
  return isKept ? { worker_peak_mb: peakMb, worker_peak_s: ageS } : {};
}
