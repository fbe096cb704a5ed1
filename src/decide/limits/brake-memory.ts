import type { BrakeMemory } from '../../model/brake-types.ts';
import { wasRestarted } from '../evidence/breaks.ts';
import { countKills, forgetRaise, isKillKnown } from './oom-watch.ts';
import { toMoments } from '../evidence/moments.ts';
import type {
  ActionRecord,
  HistoryEntry,
  Policy,
  Sample,
  ServiceSample,
} from '../../model/types.ts';

/** The largest factor by which a lowering waits longer. */
export const MOST_SLOWDOWN = 8;

/** After this many seconds without a reverted lowering, the factor is reset. */
const QUIET_S = 24 * 3600;

/**
 * The sample with what the brakes remember of each service: what was remembered at the last sample of `history`, made
 * older, and what has happened since. What a recorded sample says of it itself is not used. `open`: services with a
 * change that is still in progress; what changes there is our own doing.
 */
export function carryBrakes(
  policies: readonly Policy[],
  history: readonly HistoryEntry[],
  sample: Sample,
  open: readonly string[] = [],
): Sample {
  const { moments, after } = toMoments(history);
  const before = moments.at(-1)?.sample ?? null;
  const brakes: Record<string, BrakeMemory> = {};
  for (const policy of policies) {
    const { service } = policy;
    let memory = before === null ? {} : growOlder(before.brakes?.[service] ?? {}, before, sample);
    const own = after.filter((action) => action.service === service);
    if (own.length === 0 && !open.includes(service) && wasTouched(before, sample, service)) {
      memory = forgetFailures(memory);
    }
    memory = countKills(addActions(memory, own, policy, sample), before, sample, service);
    if (Object.keys(memory).length > 0) brakes[service] = memory;
  }
  const carried = { ...sample };
  delete carried.brakes;
  return Object.keys(brakes).length === 0 ? carried : { ...carried, brakes };
}

/** What is remembered of a service after the actions that came after the sample. */
export function recallBrakes(
  policy: Policy,
  sample: Sample,
  after: readonly ActionRecord[],
): BrakeMemory {
  const own = after.filter(({ service }) => service === policy.service);
  return addActions(sample.brakes?.[policy.service] ?? {}, own, policy, sample);
}

/** Seconds on the boot clock; after a reboot those since it: how long the host was down is not known. */
function secondsTo(now: Sample, { boot, uptime_s }: { boot: string; uptime_s: number }): number {
  return boot === now.boot ? Math.max(0, now.uptime_s - uptime_s) : now.uptime_s;
}

function growOlder(memory: BrakeMemory, before: Sample, now: Sample): BrakeMemory {
  const older = { ...memory };
  for (const key of ['failed_s', 'changed_s', 'lowered_s', 'taken_back_s', 'raised_s'] as const) {
    const age = older[key];
    if (age !== undefined) older[key] = toMilli(age + secondsTo(now, before));
  }
  if ((older.taken_back_s ?? 0) < QUIET_S) return older;
  delete older.slowdown;
  delete older.taken_back_s;
  return older;
}

function addActions(
  memory: BrakeMemory,
  actions: readonly ActionRecord[],
  policy: Policy,
  now: Sample,
): BrakeMemory {
  return actions.reduce((so, action) => {
    const age = toMilli(secondsTo(now, action));
    if (action.result !== 'applied') return addFailed(so, action, age);
    // what was not needed, or only restored what was decided earlier, starts no cooldown
    return action.from === action.to || action.action === 'heal'
      ? so
      : addApplied(so, action, age, { policy, now });
  }, memory);
}

/** A change that cannot be taken back is tried again by each run and told each time: it counts once. */
function addFailed(memory: BrakeMemory, { change }: ActionRecord, age: number): BrakeMemory {
  const isSame = change !== undefined && change === memory.failed_change;
  const failures = (memory.failures ?? 0) + (isSame ? 0 : 1);
  const added: BrakeMemory = { ...forgetFailures(memory), failures, failed_s: age };
  return change === undefined ? added : { ...added, failed_change: change };
}

function addApplied(
  memory: BrakeMemory,
  { action, from }: ActionRecord,
  age: number,
  { policy, now }: { policy: Policy; now: Sample },
): BrakeMemory {
  const { lowered_s: lowered, ...rest } = forgetRaise(forgetFailures(memory));
  const applied: BrakeMemory = { ...rest, changed_s: age };
  if (action === 'scale_up' && isKillKnown(now, policy.service)) {
    Object.assign(applied, { raised_s: age, raised_from: from });
  }
  if (action === 'scale_down' && (memory.raised_kills ?? 0) > 0) {
    // a raise that was taken back is a change that failed: it is not tried again soon
    const undos = (memory.oom_undos ?? 0) + 1;
    return { ...applied, oom_undos: undos, failures: undos, failed_s: age };
  }
  if (policy.brakes?.adaptiveScaleDown !== true) return applied;
  if (action === 'scale_down') return { ...applied, lowered_s: age };
  const slowdown = memory.slowdown ?? 1;
  // the duration that the lowering itself had to wait
  const ownS = (longestDownMs(policy) / 1000) * slowdown;
  if (action !== 'scale_up' || lowered === undefined || lowered - age > ownS) return applied;
  return { ...applied, slowdown: Math.min(MOST_SLOWDOWN, slowdown * 2), taken_back_s: age };
}

function longestDownMs({ metrics }: Policy): number {
  return Math.max(0, ...metrics.filter(({ down }) => down.length > 0).map(({ downMs }) => downMs));
}

/** Whether somebody restarted the service or edited its unit since the sample before, so that what failed may be mended. */
function wasTouched(before: Sample | null, now: Sample, service: string): boolean {
  const [then, found] = [before?.services[service], now.services[service]];
  if (then === undefined || found === undefined) return false;
  if (differ(then.workers, found.workers) || differ(then.unit_hash, found.unit_hash)) return true;
  return before?.boot === now.boot && !restartedByItself(then, found) && wasRestarted(then, found);
}

/** systemd counts its own restarts; a start by hand resets the count. */
function restartedByItself(then: ServiceSample, now: ServiceSample): boolean {
  return (now.auto_restarts ?? 0) > (then.auto_restarts ?? 0);
}

function differ<T>(then: T | null | undefined, now: T | null | undefined): boolean {
  return then !== now && then !== null && then !== undefined && now !== null && now !== undefined;
}

function forgetFailures(memory: BrakeMemory): BrakeMemory {
  const rest = { ...memory };
  delete rest.failures;
  delete rest.failed_s;
  delete rest.failed_change;
  return rest;
}

function toMilli(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
