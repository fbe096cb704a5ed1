import { carryBrakes } from './limits/brake-memory.ts';
import { decide } from './decide.ts';
import type {
  ActionRecord,
  Decision,
  HistoryEntry,
  Policy,
  Sample,
  ServiceSample,
} from '../model/types.ts';
import { findWindowStart, historyNeededMs } from './evidence/window.ts';

/** What would have been decided on one sample. */
export interface SimulatedRun {
  at: string;
  decisions: Decision[];
}

/** Takes the entries of a history one by one; a sample is answered, an action (which only explains) is not: null. */
export interface Simulation {
  push: (entry: HistoryEntry) => SimulatedRun | null;
}

/** What `policies` would have decided on each sample of a recorded history, in its order. */
export function simulate(
  policies: readonly Policy[],
  intervalMs: number,
  entries: Iterable<HistoryEntry>,
): SimulatedRun[] {
  const simulation = startSimulation(policies, intervalMs);
  return [...entries].map((entry) => simulation.push(entry)).filter((run) => run !== null);
}

/**
 * A simulation that remembers no more than the decisions need. The workers of a service are those of its first
 * sample and then follow the decisions, as if applied at the time of the sample. A recorded count that changes
 * without a recorded action that explains it was changed by someone and is taken over; what a recorded action
 * explains is what was, not what would have been, and is passed over. So a simulator may make the decided changes,
 * at once or late, or record that one of them failed: then it was not made.
 */
export function startSimulation(
  given: readonly Policy[] | ((now: Date) => readonly Policy[]),
  intervalMs: number,
): Simulation {
  const policiesAt = typeof given === 'function' ? given : () => given;
  // but for the limits they are the same at any time
  let policies = policiesAt(new Date(0));
  const neededMs = historyNeededMs(policies, intervalMs);
  const followed = new Map(policies.map(({ service }) => [service, newFollowed()]));
  let history: HistoryEntry[] = [];

  const push = (entry: HistoryEntry): SimulatedRun | null => {
    if (entry.kind === 'action') {
      const service = followed.get(entry.service);
      if (service) service.recorded = entry;
      if (service && takesBack(entry, service)) history = [...withoutChange(history, entry), entry];
      return null;
    }
    policies = policiesAt(new Date(entry.at));
    const sample = carryBrakes(policies, history, followSample(entry, followed));
    history.push(sample);
    history = history.slice(findWindowStart(history, neededMs, intervalMs));
    const decisions = decide({ policies, history, checkIntervalMs: intervalMs });
    for (const decision of decisions) {
      const service = followed.get(decision.service);
      if (decision.action === 'none' || decision.to === null || !service) continue;
      service.workers = decision.to;
      history.push(recordAction(decision, decision.action, decision.to, sample));
    }
    return { at: entry.at, decisions };
  };
  return { push };
}

/** A service whose workers follow the decisions. */
interface Followed {
  /** as they would be; null: not known yet */
  workers: number | null;
  /** of its main process and unit: as recorded last, but for what a recorded action explains */
  marks: Marks;
  /** the last sample that knew the workers, as recorded */
  last: ServiceSample | null;
  /** the last action that was recorded since then */
  recorded: ActionRecord | null;
}

/** What tells that somebody restarted the service or edited its unit. */
const MARKS = ['main_pid', 'main_start_s', 'unit_hash'] as const;

type Mark = (typeof MARKS)[number];

type Marks = Pick<ServiceSample, Mark>;

function newFollowed(): Followed {
  return { workers: null, marks: {}, last: null, recorded: null };
}

/** Whether a recorded action says that a decided change failed: the workers are then as recorded. */
function takesBack({ result, to }: ActionRecord, service: Followed): boolean {
  const recorded = service.last?.workers ?? null;
  if (result === 'applied' || to !== service.workers || recorded === null || recorded === to) {
    return false;
  }
  service.workers = recorded;
  return true;
}

/** The history without what the simulation took for applied since the last sample. */
function withoutChange(
  history: readonly HistoryEntry[],
  { service }: ActionRecord,
): HistoryEntry[] {
  const last = history.findLastIndex(({ kind }) => kind === 'sample');
  return history.filter((entry, index) => {
    return index <= last || entry.kind === 'sample' || entry.service !== service;
  });
}

/** The sample as it would have been: of the recorded one only the followed workers and main processes differ. */
function followSample(sample: Sample, followed: ReadonlyMap<string, Followed>): Sample {
  const services = { ...sample.services };
  for (const [name, service] of followed) {
    const recorded = services[name];
    if (recorded !== undefined && recorded.workers !== null) {
      services[name] = followService(recorded, recorded.workers, service);
    }
  }
  return { ...sample, services };
}

function followService(recorded: ServiceSample, workers: number, service: Followed): ServiceSample {
  const { last, recorded: action } = service;
  const explained = action !== null && (action.result !== 'applied' || action.to === workers);
  if (last === null || (workers !== last.workers && !explained)) service.workers = workers;
  for (const key of MARKS) {
    if (last === null || (action === null && recorded[key] !== last[key])) {
      copyMark(key, recorded, service.marks);
    }
  }
  service.last = recorded;
  service.recorded = null;
  const shown: ServiceSample = {
    ...recorded,
    workers: service.workers,
    // the recorded memory is that of the recorded workers
    running: recorded.running ?? workers,
  };
  for (const key of MARKS) copyMark(key, service.marks, shown);
  return shown;
}

function copyMark<Key extends Mark>(key: Key, from: Marks, to: Marks): void {
  if (from[key] === undefined) delete to[key];
  else to[key] = from[key];
}

function recordAction(
  decision: Decision,
  action: ActionRecord['action'],
  to: number,
  { at, boot, uptime_s }: Sample,
): ActionRecord {
  return {
    v: 1,
    kind: 'action',
    at,
    boot,
    uptime_s,
    service: decision.service,
    action,
    from: decision.from ?? to,
    to,
    result: 'applied',
    reason: 'simulated',
  };
}
