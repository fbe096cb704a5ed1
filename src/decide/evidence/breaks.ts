import type { MetricName } from '../../model/metric-name.ts';
import { metricOf } from '../../metrics/registry.ts';
import { elapsedMs, knownService, uptimeMs, type Moment } from './moments.ts';
import type { ActionRecord, NewEvidence, Sample, ServiceSample } from '../../model/types.ts';

/** Neighbouring samples further apart than this many check intervals have a gap between them. */
export const GAP_INTERVALS = 2.5;

/** What the evidence starts over after; `gapMs` only with 'gap'. */
export interface Break {
  because: NewEvidence;
  gapMs: number | null;
}

/** Where a moment's evidence begins: `broken` says that nothing before it counts, `outdated` that it does not count itself. */
export interface Start {
  broken: Break | null;
  /** what an average taken here covers */
  coversMs: number;
  outdated: boolean;
}

/**
 * Where the evidence of `moment` begins, `before` being the sample before it. A change of ours ends what was
 * before it; any other change of the service, like a gap or a reboot, leaves no average that could count.
 */
export function findStart(
  before: Sample | undefined,
  { sample, actions }: Moment,
  service: string,
  metric: MetricName,
  intervalMs: number,
): Start {
  const spanMs = sample.span_s === null ? null : Math.round(sample.span_s * 1000);
  const action = actions.findLast((each) => each.service === service);
  const sinceActionMs =
    action?.boot === sample.boot ? uptimeMs(sample) - uptimeMs(action) : Infinity;
  const outdated = sinceActionMs < 0;
  const broken = findBreak(before, sample, action, service, intervalMs);
  if (broken !== null) return { broken, coversMs: 0, outdated };
  if (metricOf(metric).isAverage && (spanMs === null || spanMs > GAP_INTERVALS * intervalMs)) {
    return { broken: spanBreak(before, spanMs), coversMs: 0, outdated };
  }
  const elapsed = before ? elapsedMs(before, sample) : Infinity;
  const coversMs = Math.min(spanMs ?? 0, elapsed, sinceActionMs);
  if (action !== undefined) {
    const because = action.result === 'applied' ? 'workers_changed' : 'restarted';
    return { broken: { because, gapMs: null }, coversMs, outdated };
  }
  return {
    broken: before ? null : { because: 'first_sample', gapMs: null },
    coversMs,
    outdated,
  };
}

function spanBreak(before: Sample | undefined, spanMs: number | null): Break | null {
  if (spanMs !== null) return { because: 'gap', gapMs: spanMs };
  return { because: before ? 'missing_sample' : 'first_sample', gapMs: null };
}

/** What makes a sample like the end of a gap: nothing is known of the time before it. */
function findBreak(
  before: Sample | undefined,
  sample: Sample,
  action: ActionRecord | undefined,
  service: string,
  intervalMs: number,
): Break | null {
  if (before === undefined) return null;
  if (before.boot !== sample.boot) return { because: 'reboot', gapMs: null };
  const elapsed = elapsedMs(before, sample);
  if (elapsed < 0) return { because: 'clock', gapMs: null };
  if (elapsed > GAP_INTERVALS * intervalMs) return { because: 'gap', gapMs: elapsed };
  const then = knownService(before, service);
  const now = knownService(sample, service);
  // whether the count changed meanwhile cannot be known
  if (then === null || now === null) return { because: 'missing_sample', gapMs: null };
  if (then.workers !== now.workers && !explains(action, now.workers)) {
    return { because: 'workers_changed', gapMs: null };
  }
  if (action === undefined && wasRestarted(then, now)) return { because: 'restarted', gapMs: null };
  return null;
}

function explains(action: ActionRecord | undefined, workers: number | null): boolean {
  return action !== undefined && (action.result !== 'applied' || action.to === workers);
}

/**
 * Whether the main process is another one. One of null is a service that did not run then; one that is not recorded
 * says nothing. Process numbers are used again, so the start counts too.
 */
export function wasRestarted(then: ServiceSample, now: ServiceSample): boolean {
  if (typeof now.main_pid !== 'number' || then.main_pid === undefined) return false;
  if (then.main_pid !== now.main_pid) return true;
  const starts = [then.main_start_s, now.main_start_s];
  return starts.every((start) => typeof start === 'number') && starts[0] !== starts[1];
}
