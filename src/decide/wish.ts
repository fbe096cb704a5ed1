import type { Crossing, MetricView, Position } from './evidence/crossings.ts';
import type { Hold, Reason } from '../model/types.ts';

/** What the metrics together ask for, before any limit. */
export interface Wish {
  direction: 'up' | 'down' | 'none';
  /** the wished count, also where a hold stands in its way; null: none */
  workers: number | null;
  hold: Extract<Hold, 'duration' | 'missing_metric' | 'at_limit' | 'own_cpu_share'> | null;
  /** how many times its threshold the driving metric is, where the direction is up */
  excess: number;
  reasons: Reason[];
}

/**
 * Up when any metric asks for it (the highest count), down only when all that have down thresholds agree (the
 * highest of the low counts) and none is missing; up beats down.
 */
export function combineViews(views: readonly MetricView[], at: Position): Wish {
  return wishUp(views, at) ?? wishDown(views, at) ?? holdWish(views, at);
}

function wishUp(views: readonly MetricView[], { current }: Position): Wish | null {
  const reached = views
    .map(({ up }) => up)
    .filter((up) => up !== null)
    .filter((up) => up.reached && up.workers > current)
    .sort((a, b) => b.workers - a.workers);
  const workers = reached[0]?.workers;
  if (workers === undefined) return null;
  const driving = reached.filter((up) => up.workers === workers);
  const excess = Math.max(...driving.map(({ value, threshold }) => value / threshold));
  const reasons = [...reached, ...reportMissing(views)];
  return { direction: 'up', workers, hold: null, excess, reasons };
}

function wishDown(views: readonly MetricView[], at: Position): Wish | null {
  const workers = agreedLow(views, at, (down) => down.reached);
  if (workers === null || views.some(({ value }) => value === null)) return null;
  // an up threshold that is crossed, but not for long enough, does not stand in the way; it is told
  const reported = [
    ...views.map(({ down }) => down),
    ...views.map(({ up }) => up),
    ...views.map(({ blocked }) => blocked),
  ];
  const reasons = reported.filter((reason) => reason !== null);
  return { direction: 'down', workers, hold: null, excess: 0, reasons };
}

/** Nothing is to be done: what, if anything, holds a change back. */
function holdWish(views: readonly MetricView[], at: Position): Wish {
  const { current, minWorkers, maxWorkers } = at;
  const wish: Wish = {
    direction: 'none',
    workers: null,
    hold: null,
    excess: 0,
    reasons: views.flatMap((view) => reportView(view, views, at)),
  };
  const low = agreedLow(views, at, (down) => down.reached);
  const blind = views.length > 0 && views.every(({ value }) => value === null);
  if (low !== null || blind) {
    return { ...wish, workers: low, hold: 'missing_metric' };
  }
  const blocked = views.map((view) => view.blocked).filter((reason) => reason !== null);
  if (blocked.length > 0) {
    const workers = Math.max(...blocked.map((reason) => reason.workers));
    return { ...wish, workers, hold: 'own_cpu_share' };
  }
  const ups = views.map(({ up }) => up).filter((up) => up !== null);
  if (current === maxWorkers && ups.length > 0) {
    wish.reasons.push({ code: 'at_max', maxWorkers });
    return { ...wish, hold: 'at_limit' };
  }
  if (current < maxWorkers && ups.length > 0) {
    return { ...wish, workers: Math.max(...ups.map((up) => up.workers)), hold: 'duration' };
  }
  const pendingLow = agreedLow(views, at, () => true);
  if (pendingLow !== null && current > minWorkers) {
    return { ...wish, workers: pendingLow, hold: 'duration' };
  }
  if (current === minWorkers && views.some(({ down }) => down !== null)) {
    wish.reasons.push({ code: 'at_min', minWorkers });
  }
  return wish;
}

/** The count on which all present metrics with down thresholds agree, each by a threshold that `counts`; null: they do not. */
function agreedLow(
  views: readonly MetricView[],
  { current }: Position,
  counts: (down: Crossing) => boolean,
): number | null {
  const voters = views.filter(({ value, policy }) => value !== null && policy.down.length > 0);
  const lows = voters.map(({ down }) =>
    down !== null && down.workers < current && counts(down) ? down.workers : Infinity,
  );
  const highest = Math.max(...lows);
  return Number.isFinite(highest) ? highest : null;
}

/** The missing metrics, as reasons. */
export function reportMissing(views: readonly MetricView[]): Reason[] {
  return views
    .filter(({ value }) => value === null)
    .map(({ policy, error }) => ({ code: 'missing_metric', metric: policy.metric, error }));
}

function reportView(view: MetricView, views: readonly MetricView[], at: Position): Reason[] {
  const { metric, up, down } = view.policy;
  if (view.value === null) return reportMissing([view]);
  const crossed = [view.up, view.blocked, view.down, view.renewed].filter(
    (reason) => reason !== null,
  );
  if (crossed.length > 0) return crossed;
  const value = view.value;
  const lows = views.map((other) => other.down?.workers ?? at.current);
  const workers = Math.min(...lows);
  if (workers < at.current && down.length > 0) {
    return [{ code: 'not_agreed', metric, value, workers }];
  }
  const ups = up.filter((step) => step.workers > at.current).map((step) => step.threshold);
  const downs = down.filter((step) => step.workers < at.current).map((step) => step.threshold);
  const upAt = ups.length > 0 ? Math.min(...ups) : null;
  const downAt = downs.length > 0 ? Math.max(...downs) : null;
  return [{ code: 'within', metric, value, upAt, downAt }];
}
