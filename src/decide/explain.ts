import type { ControlEnd } from '../model/control-types.ts';
import type { Crossing } from './evidence/crossings.ts';
import type { MetricName } from '../model/metric-name.ts';
import { metricOf } from '../metrics/registry.ts';
import type { Decision, NewEvidence, Reason } from '../model/types.ts';
import { formatCount, formatDuration, formatHeld, formatNumber } from '../model/wording.ts';
import { formatMetric } from '../metrics/wording.ts';

/** A decision as one sentence with its numbers: all reasons, then what follows from them. */
export function explainDecision(decision: Decision): string {
  const reasons = leaveOutIdle(decision).map(explainReason).join('; ');
  return `${reasons} → ${explainOutcome(decision)}`;
}

/**
 * The reasons without what says nothing of this decision: metrics of which no threshold leads on, as a brake has them,
 * and, at min_workers, how long something must stay low.
 */
function leaveOutIdle({ reasons }: Decision): Reason[] {
  const isIdle = (reason: Reason): boolean =>
    reason.code === 'within' && reason.upAt === null && reason.downAt === null;
  const telling = reasons.filter((reason) => !isIdle(reason));
  if (telling.length === 0) return reasons;
  if (!telling.some(({ code }) => code === 'at_min')) return telling;
  const low = telling.flatMap((reason) =>
    reason.code === 'below' && !reason.reached ? [reason.metric] : [],
  );
  return telling
    .filter((reason) => !(reason.code === 'new_evidence' && low.includes(reason.metric)))
    .map((reason) =>
      reason.code === 'below' && !reason.reached
        ? { ...reason, heldMs: 0, neededMs: 0, reached: true }
        : reason,
    );
}

/** One reason as part of a sentence, the same in log, JSON and terminal. */
export function explainReason(reason: Reason): string {
  switch (reason.code) {
    case 'above':
    case 'below':
      return explainCrossing(reason);
    case 'within':
      return explainWithin(reason);
    case 'not_agreed':
      return `${explainValue(reason.metric, reason.value)} does not allow ${explainCount(reason.workers)}`;
    case 'missing_metric':
      return `${metricOf(reason.metric).label} unknown (${reason.error.text}), nothing is lowered until it is known`;
    case 'new_evidence':
      return `${metricOf(reason.metric).label} starts counting again: ${explainBecause(reason.because, reason.gapMs)}`;
    case 'workers_unknown':
      return `number of workers unknown (${reason.error.text})`;
    case 'below_min':
      return `${explainCount(reason.workers)}, fewer than min_workers ${reason.minWorkers}`;
    case 'above_max':
      return `${explainCount(reason.workers)}, more than max_workers ${reason.maxWorkers}`;
    case 'at_min':
      return `at min_workers ${reason.minWorkers}`;
    case 'at_max':
      return `at max_workers ${reason.maxWorkers}`;
    case 'tasks_running':
      return `${reason.running} ${reason.running === 1 ? 'task is' : 'tasks are'} running, more than ${explainCount(reason.workers)} could hold`;
    case 'running_tasks_unknown':
      return `the number of running tasks is unknown (${reason.error.text}), the thresholds alone decide`;
    case 'paused':
      return `hold: ${PAUSED[reason.direction]} ${explainEnd(reason, 'resumed')}`;
    case 'pinned':
      return `pinned to ${explainCount(reason.workers)} ${explainEnd(reason, 'unpinned')}`;
    case 'clamped':
      return `${reason.to} instead of the ${reason.wanted} wanted (${reason.limit}_workers)`;
    case 'failed_change': {
      const row = reason.failures > 1 ? ` (${reason.failures} in a row)` : '';
      return `hold: failed change, next try in ${formatDuration(reason.remainingMs)}${row}`;
    }
    case 'cooldown':
      return `hold: cooldown of ${formatDuration(reason.cooldownMs)} for scale_${reason.direction}, ${formatDuration(reason.remainingMs)} more`;
    case 'max_step':
      return `${reason.to} instead of the ${reason.wanted} wanted (max_step ${reason.maxStep})`;
    case 'adaptive':
      return `lowering waits ${reason.times} times as long, because one had to be reversed`;
    case 'memory':
      return explainMemory(reason);
    case 'not_running':
      return `the service is ${reason.state}, left alone`;
    case 'disabled':
      return 'disabled in the config';
    case 'schedule':
      return `schedule "${reason.name}" sets ${reason.minWorkers} to ${explainCount(reason.maxWorkers)}`;
    case 'memory_pressure':
      return `the host waits for memory ${formatNumber(reason.value)} % of the time (at most ${formatNumber(reason.limit)} %), nothing is added`;
    case 'memory_short':
      return explainShort(reason);
    case 'memory_group':
      return explainGroup(reason);
    case 'oom_kills':
      return `the OOM killer has ended ${reason.kills} of its processes since it was raised from ${reason.from}, ${formatDuration(reason.sinceMs)} ago`;
    case 'own_cpu_share':
      return explainShare(reason);
    case 'projected':
      return explainProjected(reason);
    case 'drift':
      return `${explainCount(reason.running)} running, ${reason.declared} declared`;
  }
}

const PAUSED = { both: 'paused', up: 'raising is paused', down: 'lowering is paused' } as const;

/** `until 2026-11-24 20:15 UTC, 1 h 20 m more`, or `until resumed`. */
function explainEnd({ until, remainingMs }: ControlEnd, by: string): string {
  if (until === null || remainingMs === null) return `until ${by}`;
  const minutes = until.slice(0, 16).replace('T', ' ');
  return `until ${minutes} UTC, ${formatDuration(remainingMs)} more`;
}

type ReasonOf<Code extends Reason['code']> = Extract<Reason, { code: Code }>;

/** `cpu 83.4 % > 80 % for 4 m 0 s (needs 3 m)`, or `…, 1 m more` where it has not held for long enough. */
function explainCrossing(reason: Crossing): string {
  const { metric, value, threshold, heldMs, neededMs, reached } = reason;
  const sign = reason.code === 'above' ? '>' : '<';
  const crossing = `${formatMetric(metric, value, threshold)} ${sign} ${formatMetric(metric, threshold)}`;
  const { label } = metricOf(metric);
  if (reached && neededMs === 0) return `${label} ${crossing}`;
  const rest = reached
    ? ` (needs ${formatDuration(neededMs)})`
    : `, ${formatDuration(Math.max(0, neededMs - heldMs))} more`;
  return `${label} ${crossing} for ${formatHeld(heldMs)}${rest}`;
}

/** `cpu 50 % (up at > 80 %, down at < 30 %)`, without what leads nowhere from here. */
function explainWithin({ metric, value, upAt, downAt }: ReasonOf<'within'>): string {
  const parts = [];
  if (upAt !== null) parts.push(`up at > ${formatMetric(metric, upAt)}`);
  if (downAt !== null) parts.push(`down at < ${formatMetric(metric, downAt)}`);
  const text = parts.length > 0 ? parts.join(', ') : 'no threshold goes beyond this';
  return `${explainValue(metric, value)} (${text})`;
}

/** `host cpu 92 % > 80 % for 4 m 0 s, but backbce used 1 % of it (needs 10 %)`. */
function explainShare(reason: ReasonOf<'own_cpu_share'>): string {
  const { project, value, threshold, heldMs, share, needed, error } = reason;
  const used =
    share === null
      ? `what ${project} used of it is unknown: ${error?.text ?? 'not measured'}`
      : `${project} used ${formatMetric('cpu', share, needed)} of it`;
  const crossing = `${formatMetric('cpu', value, threshold)} > ${formatMetric('cpu', threshold)}`;
  return `host cpu ${crossing} for ${formatHeld(heldMs)}, but ${used} (needs ${formatMetric('cpu', needed)})`;
}

/** `load 45 % of 4 → 90 % of 2 > 80 %`. */
function explainProjected(reason: ReasonOf<'projected'>): string {
  const { metric, value, workers, projected, to, threshold } = reason;
  const now = `${metricOf(metric).label} ${formatMetric(metric, value)} of ${workers}`;
  return `${now} → ${formatMetric(metric, projected, threshold)} of ${to} > ${formatMetric(metric, threshold)}`;
}

function explainBecause(because: NewEvidence, gapMs: number | null): string {
  switch (because) {
    case 'gap':
      return gapMs === null ? 'after a gap' : `after a gap of ${formatHeld(gapMs)}`;
    case 'reboot':
      return 'the host was rebooted';
    case 'clock':
      return 'the boot clock went back';
    case 'first_sample':
      return 'the first sample';
    case 'missing_sample':
      return 'the previous value was missing';
    case 'workers_changed':
      return 'the number of workers changed';
    case 'restarted':
      return 'the service was restarted';
    case 'warmup':
      return 'the service is warming up';
  }
}

/** `memory 1200 MB, 300 MB of it granted, 137 MB a worker, 1000 MB must remain: 5 wanted, 4 fit`. */
function explainMemory(reason: ReasonOf<'memory'>): string {
  const { wanted, fits, availableMb, grantedMb, thresholdMb, workerMb, swapMb, nowMb } = reason;
  const now = nowMb === undefined ? '' : ` at most so far (${mb(nowMb)} now)`;
  const parts = [
    availableMb === null ? 'available memory unknown' : `${mb(availableMb)} memory available`,
    ...(grantedMb > 0 ? [`${mb(grantedMb)} of it granted to others`] : []),
    ...(swapMb === undefined ? [] : [`${mb(swapMb)} in swap`]),
    workerMb === null ? 'cost of a worker unknown' : `${mb(workerMb)} a worker${now}`,
    `${mb(thresholdMb)} must remain`,
  ];
  return `${parts.join(', ')}: ${explainCount(wanted)} wanted, ${fits} possible`;
}

/** `412 MB memory available, 1000 MB must remain, 150 MB a worker: 588 MB short`. */
function explainShort(reason: ReasonOf<'memory_short'>): string {
  const { availableMb, freedMb, thresholdMb, workerMb } = reason;
  const parts = [
    `${mb(availableMb)} memory available`,
    ...(freedMb > 0 ? [`${mb(freedMb)} freed by others`] : []),
    `${mb(thresholdMb)} must remain`,
    workerMb === null ? 'cost of a worker unknown' : `${mb(workerMb)} a worker`,
  ];
  return `${parts.join(', ')}: ${mb(thresholdMb - availableMb - freedMb)} short`;
}

/** `MemoryMax of /web.slice 300 MB, 240 MB in use, 60 MB a worker: 8 workers wanted, 3 possible`. */
function explainGroup(reason: ReasonOf<'memory_group'>): string {
  const { wanted, fits, group, what, limitMb, usedMb, grantedMb, workerMb } = reason;
  const parts = [
    `${what} of ${group} ${mb(limitMb)}`,
    `${mb(usedMb)} in use`,
    ...(grantedMb > 0 ? [`${mb(grantedMb)} granted to others in it`] : []),
    workerMb === null ? 'cost of a worker unknown' : `${mb(workerMb)} a worker`,
  ];
  return `${parts.join(', ')}: ${explainCount(wanted)} wanted, ${fits} possible`;
}

function mb(value: number): string {
  return `${formatNumber(value)} MB`;
}

function explainOutcome({ action, to }: Decision): string {
  if (to === null) return 'nothing is changed';
  return action === 'none' ? `stays at ${to}` : explainCount(to);
}

function explainValue(metric: MetricName, value: number | null): string {
  const { label } = metricOf(metric);
  return value === null ? `${label} unknown` : `${label} ${formatMetric(metric, value)}`;
}

function explainCount(workers: number): string {
  return formatCount(workers, 'worker');
}
