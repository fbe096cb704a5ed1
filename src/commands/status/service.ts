import type { Limits } from '../../config/policy/limits.ts';
import type { Project } from '../../config/schema/schema.ts';
import { explainDecision, explainReason } from '../../decide/explain.ts';
import { findMetricError } from '../../metrics/missing.ts';
import type { Pause } from '../../model/control-types.ts';
import { isFirstLook, readMetric } from '../../decide/evidence/moments.ts';
import type { ActionRecord, Decision, Hold, Policy, Reason } from '../../model/types.ts';
import type {
  LastChange,
  PendingStatus,
  StatusEnd,
  StatusMetric,
  StatusService,
  Streak,
} from './types.ts';
import type { Recorded } from '../shared/recorded.ts';

/** What is known of a project besides what was recorded last. */
export interface Besides {
  active: string | null;
  pending: PendingStatus | null;
  /** those of now */
  limits: Limits;
  /** its last change of the last day, if any */
  changed: ActionRecord | undefined;
}

/** One project as `status` tells it. */
export function describeService(
  name: string,
  project: Project,
  recorded: Recorded,
  { active, pending, changed, limits }: Besides,
): StatusService {
  const service = project.service_name;
  const { enabled } = project;
  const { minWorkers: min_workers, maxWorkers: max_workers, schedule } = limits;
  const policy = recorded.policies.find((each) => each.service === service);
  const decision = recorded.decisions.get(service);
  const found = recorded.sample?.services[service];
  const done = recorded.after.findLast((each) => each.service === service);
  const workers = done?.result === 'applied' ? done.to : (found?.workers ?? null);
  const running = done?.result === 'applied' ? done.to : (found?.running ?? null);
  const hold = decision?.hold ?? null;
  return {
    ...{ project: name, service, enabled, active, workers, running, min_workers, max_workers },
    running_error: running === null ? (found?.errors?.['running'] ?? null) : null,
    schedule,
    metrics: policy === undefined ? [] : listMetrics(policy, recorded, workers),
    streak: decision === undefined ? null : findStreak(decision, policy, recorded),
    action: decision?.action ?? 'none',
    from: decision?.from ?? null,
    to: decision?.to ?? null,
    wanted: decision?.wanted ?? null,
    hold: enabled ? hold : 'disabled',
    reason: decision === undefined ? null : explainDecision(decision),
    hold_reason: decision === undefined || hold === null ? null : explainHold(decision, hold),
    pause: describePause(policy?.pause),
    pin:
      policy?.pin === undefined ? null : { workers: policy.pin.workers, until: policy.pin.until },
    unseen: enabled && recorded.sample !== null && found === undefined,
    drift: workers !== null && running !== null && workers !== running,
    in_progress: pending,
    last_change: findLastChange(service, recorded, changed),
  };
}

function listMetrics(policy: Policy, { sample }: Recorded, workers: number | null): StatusMetric[] {
  if (sample === null) return [];
  const current = workers ?? 0;
  return policy.metrics.map(({ metric, up, down }) => {
    const value = readMetric(sample, policy.service, metric);
    const ups = up.filter((step) => step.workers > current).map((step) => step.threshold);
    const downs = down.filter((step) => step.workers < current).map((step) => step.threshold);
    return {
      ...{ metric, value },
      up_at: ups.length > 0 ? Math.min(...ups) : null,
      down_at: downs.length > 0 ? Math.max(...downs) : null,
      error: value === null ? findMetricError(sample, policy.service, metric) : null,
    };
  });
}

/**
 * The duration that runs: of the wanted change, where one is wanted. What a first look shows counts for nothing yet, and
 * while a metric is missing nothing is lowered: neither foretells anything.
 */
function findStreak(
  { reasons, wanted }: Decision,
  policy: Policy | undefined,
  { sample }: Recorded,
): Streak | null {
  const isBlind = policy?.metrics.some(
    ({ metric }) => sample !== null && readMetric(sample, policy.service, metric) === null,
  );
  const running = reasons.filter(
    (reason): reason is Extract<Reason, { code: 'above' | 'below' }> =>
      (reason.code === 'above' || (reason.code === 'below' && isBlind !== true)) &&
      !reason.reached &&
      (sample === null || !isFirstLook(sample, reason.metric)),
  );
  const streak = running.find(({ workers }) => workers === wanted) ?? running[0];
  if (streak === undefined) return null;
  const { metric, code, workers, heldMs, neededMs } = streak;
  const direction = code === 'above' ? 'up' : 'down';
  return { metric, direction, workers, held_s: heldMs / 1000, needed_s: neededMs / 1000 };
}

function describePause(pause: Pause | undefined): StatusService['pause'] {
  if (pause === undefined) return null;
  const end = (of: Pause['up']): StatusEnd | null => (of === null ? null : { until: of.until });
  return { up: end(pause.up), down: end(pause.down) };
}

/** The reasons that each hold goes by. */
const CODES: Record<Hold, Reason['code'][]> = {
  // a bar shows it
  duration: [],
  paused: ['paused', 'pinned'],
  memory: ['memory', 'memory_pressure'],
  cooldown: ['cooldown'],
  failed_change: ['failed_change'],
  missing_metric: ['missing_metric', 'workers_unknown'],
  at_limit: ['at_max', 'at_min'],
  tasks_running: ['tasks_running'],
  own_cpu_share: ['own_cpu_share'],
  projection: ['projected'],
  not_running: ['not_running'],
  // no decision but what was done says so
  in_progress: [],
  no_live: [],
  disabled: ['disabled'],
};

function explainHold({ reasons }: Decision, hold: Hold): string | null {
  const reported = reasons.filter(({ code }) => CODES[hold].includes(code));
  return reported.length === 0 ? null : reported.map(explainReason).join('; ');
}

function findLastChange(
  service: string,
  { sample }: Recorded,
  changed: ActionRecord | undefined,
): LastChange | null {
  if (changed !== undefined) {
    const { at, result, action, from, to, reason } = changed;
    return { at, result, action, from, to, reason };
  }
  const age = sample?.brakes?.[service]?.changed_s;
  if (sample === null || age === undefined) return null;
  const at = new Date(Date.parse(sample.at) - age * 1000).toISOString();
  return { at, result: 'applied', action: null, from: null, to: null, reason: null };
}
