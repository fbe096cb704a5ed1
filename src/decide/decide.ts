import type { MemoryBudget } from './limits/memory-groups.ts';
import type { BrakeMemory } from '../model/brake-types.ts';
import { recallBrakes } from './limits/brake-memory.ts';
import {
  applyCooldown,
  applyMaxStep,
  reportFailedChange,
  reportSlowdown,
} from './limits/brakes.ts';
import { viewMetric, type MetricView, type Position } from './evidence/crossings.ts';
import { gatherMetrics } from './evidence/gather.ts';
import { guardLowering } from './limits/guards.ts';
import { applyMinMax, reportPromise } from './limits/limits.ts';
import { applyMemory, openBudget, planRelief, type Relief } from './limits/memory.ts';
import { NOT_SAMPLED } from '../metrics/missing.ts';
import { toMoments, type Moment } from './evidence/moments.ts';
import { reportKills } from './limits/oom-watch.ts';
import { applyOwnShare } from './limits/own-share.ts';
import { applyPause, pinWish, reportFullPause } from './limits/pause.ts';
import type {
  ActionRecord,
  Decision,
  HistoryEntry,
  Policy,
  Reason,
  Sample,
} from '../model/types.ts';
import { compareUrgency, type Urgency } from './limits/urgency.ts';
import { combineViews, reportMissing, type Wish } from './wish.ts';

/** All that a decision depends on. */
export interface DecideInput {
  /** the enabled projects, in the order of the config */
  policies: readonly Policy[];
  /** oldest first; the last sample is now */
  history: readonly HistoryEntry[];
  checkIntervalMs: number;
}

/** One service on its way to a decision. */
interface Draft {
  policy: Policy;
  at: Position;
  /** false: the declared workers are unknown, and `at.current` and `wish` mean nothing */
  known: boolean;
  views: MetricView[];
  wish: Wish;
  memory: BrakeMemory;
}

/**
 * What is to be done with each service and why, the most urgent first: see `compareUrgency`. The memory that remains is
 * granted by what is wished: below min_workers, then raising by how far the threshold is exceeded. Without any sample
 * nothing is decided.
 */
export function decide({ policies, history, checkIntervalMs }: DecideInput): Decision[] {
  const { moments, after } = toMoments(history);
  const sample = moments.at(-1)?.sample;
  if (sample === undefined) return [];
  const budget = openBudget(sample);
  const drafts = policies
    .map((policy) => draft(policy, moments, after, checkIntervalMs))
    .sort(byGrant);
  const reliefs = planRelief(
    drafts
      .filter(({ policy, known }) => known && isRunning(sample, policy.service))
      // what people have said comes first
      .filter(({ policy }) => policy.pin === undefined && !policy.pause?.down)
      .map(({ policy, at }) => ({ policy, current: at.current }))
      .reverse(),
    sample,
  );
  return drafts
    .map((each) => {
      const decision = finish(each, sample, budget, reliefs.get(each.policy.service) ?? null);
      return { decision, urgency: toUrgency(each, decision) };
    })
    .sort((a, b) => compareUrgency(a.urgency, b.urgency))
    .map(({ decision }) => decision);
}

function draft(
  policy: Policy,
  moments: readonly Moment[],
  after: readonly ActionRecord[],
  intervalMs: number,
): Draft {
  const { sample } = moments.at(-1)!;
  const { service, minWorkers, maxWorkers } = policy;
  const done = after.findLast((action) => action.service === service);
  const sampled = sample.services[service]?.workers ?? null;
  const current = done?.result === 'applied' ? done.to : sampled;
  const at: Position = { current: current ?? 0, minWorkers, maxWorkers, intervalMs };
  const memory = recallBrakes(policy, sample, after);
  const views = gatherMetrics(policy, memory, moments, done, intervalMs).map(
    ({ metric, value, error, run }) =>
      applyOwnShare(viewMetric(metric, value, error, run, at), run, policy, at),
  );
  const wish = policy.pin ? pinWish(policy.pin, views, at) : combineViews(views, at);
  return { policy, at, known: current !== null, views, wish, memory };
}

/** Limits and memory applied, in the order of urgency, because `budget` is shared. */
function finish(
  { policy, at, known, views, wish, memory }: Draft,
  sample: Sample,
  budget: MemoryBudget,
  relief: Relief | null,
): Decision {
  const { project, service } = policy;
  if (!known) {
    const error = sample.services[service]?.errors?.['workers'] ?? NOT_SAMPLED;
    const reasons: Reason[] = [{ code: 'workers_unknown', error }, ...reportMissing(views)];
    const unknown = { from: null, to: null, wanted: null, reasons };
    return { project, service, action: 'none', hold: 'missing_metric', ...unknown };
  }
  const from = at.current;
  const state = sample.services[service]?.active ?? 'active';
  if (!isRunning(sample, service)) {
    const reasons: Reason[] = [{ code: 'not_running', state }];
    return {
      project,
      service,
      action: 'none',
      from,
      to: from,
      wanted: null,
      hold: 'not_running',
      reasons,
    };
  }
  const promise = reportPromise(at);
  const asked =
    promise.length > 0 && wish.direction === 'none' ? reportMissing(views) : wish.reasons;
  const slowed = reportSlowdown(asked, policy, memory);
  const failed = reportFailedChange(memory, at);
  const wanted = wish.workers;
  const paused = reportFullPause(policy.pause);
  if (paused !== null) {
    const reasons = [...promise, ...asked, ...slowed, paused];
    return { project, service, action: 'none', from, to: from, wanted, hold: 'paused', reasons };
  }
  if (failed !== null) {
    const isHeld = promise.length > 0 || wish.direction !== 'none' || wish.hold === 'duration';
    const hold = isHeld ? 'failed_change' : wish.hold;
    const reasons = [...promise, ...asked, ...slowed, failed];
    return { project, service, action: 'none', from, to: from, wanted, hold, reasons };
  }
  // what people have said comes first
  const isFree = policy.pin === undefined && !policy.pause?.down;
  const killed = isFree ? reportKills(memory, from) : null;
  if (killed !== null) {
    const to = Math.max(killed.from, at.minWorkers);
    const action = to < from ? 'scale_down' : 'none';
    return { project, service, action, from, to, wanted, hold: null, reasons: [killed] };
  }
  const limited = applyMinMax(wish.direction === 'none' ? null : wanted, at);
  // who pins a count has decided: what waits for what metrics ask for does not wait for that
  const isPinned = policy.pin !== undefined;
  const brakes = isPinned ? undefined : policy.brakes;
  const cooled = applyCooldown(limited.workers, at, brakes, memory);
  const allowed = applyPause(cooled.workers, at, policy.pause);
  const stepped = applyMaxStep(allowed.workers, at, policy.brakes);
  const guarded =
    wish.direction === 'down' && !isPinned
      ? guardLowering(stepped.workers, at, views, sample.services[service])
      : { ...stepped, reasons: [], hold: null };
  const granted = applyMemory(guarded.workers, from, policy, sample, budget);
  const to = Math.min(granted.workers, relief?.workers ?? Infinity);
  const steps = [limited, cooled, allowed, stepped, guarded, granted];
  const limits = steps.flatMap(({ reasons }) => reasons);
  const short = relief === null ? [] : [relief.reason];
  const hold =
    granted.reasons.length > 0
      ? 'memory'
      : allowed.reasons.length > 0
        ? 'paused'
        : cooled.reasons.length > 0
          ? 'cooldown'
          : (guarded.hold ?? limited.hold ?? wish.hold);
  return {
    project,
    service,
    action: to > from ? 'scale_up' : to < from ? 'scale_down' : 'none',
    from,
    to,
    wanted,
    hold: to === from ? hold : null,
    reasons: withSchedule([...promise, ...asked, ...slowed, ...limits, ...short], policy),
  };
}

/** What is not said of a service is that it runs. */
function isRunning(sample: Sample, service: string): boolean {
  const state = sample.services[service]?.active ?? 'active';
  return state === 'active' || state === 'reloading';
}

const LIMIT_CODES: Reason['code'][] = ['below_min', 'above_max', 'at_min', 'at_max', 'clamped'];

/** A limit that comes of a window of time is reported with it. */
function withSchedule(reasons: Reason[], { schedule, minWorkers, maxWorkers }: Policy): Reason[] {
  if (schedule === undefined || !reasons.some(({ code }) => LIMIT_CODES.includes(code))) {
    return reasons;
  }
  return [...reasons, { code: 'schedule', name: schedule, minWorkers, maxWorkers }];
}

/** Who is granted memory before whom. */
function byGrant(a: Draft, b: Draft): number {
  const byClass = grantClass(a) - grantClass(b);
  if (byClass !== 0 || a.wish.excess === b.wish.excess) return byClass;
  // never subtracted: above a threshold of 0 the excess is infinite
  return a.wish.excess > b.wish.excess ? -1 : 1;
}

function grantClass({ at, known, wish }: Draft): number {
  if (known && at.current < at.minWorkers) return 0;
  return known && wish.direction === 'up' ? 1 : 2;
}

function toUrgency({ at, memory, wish }: Draft, { action, reasons }: Decision): Urgency {
  const { current, minWorkers, maxWorkers } = at;
  return {
    action,
    failures: memory.failures ?? 0,
    freesMemory: reasons.some(({ code }) => code === 'memory_short'),
    isBelowMin: current < minWorkers,
    isAboveMax: current > maxWorkers,
    excess: action === 'scale_up' ? wish.excess : 0,
  };
}
