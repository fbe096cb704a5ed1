import { settingsOf } from '../queues/settings.ts';
import { BROKERS_MS } from '../queues/time-limit.ts';
import { listPressures } from '../config/policy/pressures.ts';
import type { Config, Project } from '../config/schema/schema.ts';
import { measureError } from '../model/measure-error.ts';
import type { HistoryEntry, HostSample, Sample, ServiceSample } from '../model/types.ts';
import type { MemoryGroup } from '../model/resource-types.ts';
import { enterPhase } from '../host/phase.ts';
import { tellBug } from '../host/fault.ts';
import { dropWrongValues } from '../metrics/sample-checks.ts';
import { monotonicMs } from '../host/monotonic.ts';
import type { UnitState } from '../model/unit-state.ts';
import type { FactsMemory, KnownLocation } from '../targets/target.ts';
import { readMemoryGroups, readOomKills } from '../host/group-limits.ts';
import { withDrain, type DrainRequest } from './drain.ts';
import { measureHost } from './host.ts';
import type { Load, LoadRequest } from './load.ts';
import type { QueueLength, QueueRequest } from '../queues/read-queues.ts';
import { toQueueRequest } from '../queues/request.ts';
import {
  measureHostResources,
  measureUnitResources,
  withResources,
  type Now,
  type WantedResources,
} from './resources.ts';
import { measureService, type ServiceMeasure } from './services.ts';
import { shortenTexts } from './shorten-texts.ts';
import { carryPeak } from './worker-peak.ts';
import { readAhead, readWorkerTree, readWorkerTrees, type WorkerTrees } from './worker-trees.ts';

/** What one run measured. */
export interface Measurement {
  sample: Sample;
  /** where each service's number of workers stands; missing where its unit's files cannot be read */
  located: Map<string, KnownLocation>;
  /** the queues of each project that has a broker, one by one */
  queues: Map<string, QueueLength>;
}

/** What a measurement needs. */
export interface MeasureInput {
  config: Pick<Config, 'projects'>;
  /** by name, as `readUnits` answers; of what is missing here, only the queues are measured */
  units: ReadonlyMap<string, UnitState>;
  /** the newest sample of the history */
  previous: Sample | null;
  /**
   * whether a service may want more workers by what is in this sample of it; where not, what its workers hold
   * is not measured. Default: always
   */
  mayGrow?: (sample: Pick<Sample, 'host' | 'services'>, service: string) => boolean;
  /** true: also what no decision needs */
  wantsAll?: boolean;
  /** the samples of the last minutes, from which rates are computed; default: none */
  history?: readonly HistoryEntry[];
  /** what is known of the services' files */
  memory: FactsMemory;
}

/**
 * Measures host, services and queues of all enabled projects, side by side. Nothing that fails stops the
 * rest: it is null in the sample, with its error.
 */
export async function takeSample({
  config,
  units,
  previous,
  mayGrow = () => true,
  wantsAll = false,
  history = [],
  memory,
}: MeasureInput): Promise<Measurement> {
  const projects = Object.entries(config.projects).filter(([, project]) => project.enabled);
  const requests = projects
    .map(([name, project]) => toQueueRequest(name, project, wantsAll))
    .filter((request) => request !== null);
  const toLoad = projects
    .map(([, project]) => toLoadRequest(project, units, wantsAll))
    .filter((request) => request !== null);
  const loaded = await readWorkerTrees(toLoad.map(({ unit }) => unit));
  enterPhase('measuring: the host, the brokers, what workers do');
  const deadline = monotonicMs() + BROKERS_MS;
  const [queues, loads, { host: measured, boot, uptimeS, spanS }] = await Promise.all([
    requests.length === 0 ? new Map<string, QueueLength>() : measureQueues(requests),
    toLoad.length === 0 ? new Map<string, Load>() : measureUnitLoads(toLoad, loaded, memory),
    measureHost(previous),
  ]);
  // only now: brokers may take seconds, and workers come and go
  readAhead([...units.values()]);
  const now: Now = { uptimeS, before: previous?.boot === boot ? previous : null };
  const ofHost = projects.map(([, project]) => project);
  const hostKeys = listPressures(ofHost, 'host', wantsAll);
  const host = withResources(measured, await measureHostResources(hostKeys, now));
  const located = new Map<string, KnownLocation>();
  const services: Record<string, ServiceSample> = {};
  const draining: DrainRequest[] = [];
  for (const [name, project] of projects) {
    const unit = units.get(project.service_name);
    if (unit === undefined) {
      services[project.service_name] = withQueue(NOT_ASKED, queues.get(name));
      continue;
    }
    const queue = queues.get(name);
    const resources = await measureUnitResources(unit, wantedOf(project, wantsAll), now);
    const complete = (found: ServiceSample): ServiceSample =>
      withResources(withLoad(withQueue(found, queue), loads.get(unit.unit)), resources);
    const groups = readMemoryGroups(unit);
    const { sample, location, kind, tasksPid } = await measureService(
      unit,
      await readWorkerTree(unit),
      memory,
      (found) =>
        isShort(project, host) ||
        ((project.memory_threshold_mb !== undefined || groups.length > 0) &&
          mayGrow({ host, services: { [unit.unit]: complete(found) } }, unit.unit)),
    ).catch(notMeasured);
    if (location !== null) located.set(unit.unit, location);
    const then = now.before?.services[unit.unit];
    const peak = carryPeak(sample, then, now.before === null ? 0 : uptimeS - now.before.uptime_s);
    services[unit.unit] = { ...complete(sample), ...peak, ...tellMemory(unit, groups) };
    const settings = settingsOf(project);
    if (settings === null || project.drain_time_thresholds === undefined) continue;
    draining.push({
      kind,
      service: unit.unit,
      settings,
      masterPid: tasksPid,
      history,
      now: { boot, uptimeS },
      deadline,
    });
  }
  enterPhase('measuring: asking workers for their tasks');
  await Promise.all(
    draining.map(async (input) => {
      services[input.service] = await withDrain(services[input.service]!, input);
    }),
  );
  const at = new Date().toISOString();
  const stamp = { v: 1, kind: 'sample', at, boot, uptime_s: uptimeS, span_s: spanS } as const;
  const sample: Sample = { ...stamp, host, services };
  // no decision is made of a value that is none, whoever has measured it
  dropWrongValues(sample);
  shortenTexts(sample);
  return { sample, located, queues };
}

/** The limits of its control groups, where there are any, and what the kernel had to do about memory. */
function tellMemory(
  { controlGroup }: UnitState,
  groups: MemoryGroup[],
): Pick<ServiceSample, 'memory_groups' | 'oom_kills'> {
  const kills = readOomKills(controlGroup);
  return {
    ...(groups.length > 0 && { memory_groups: groups }),
    ...(kills !== null && { oom_kills: kills }),
  };
}

/** What a bug of ours makes of a service. */
function notMeasured(error: unknown): ServiceMeasure {
  const errors = { workers: measureError('bug', tellBug(error)) };
  const sample = { workers: null, running: null, errors };
  return { sample, location: null, kind: null, tasksPid: null };
}

/** What of a service's load its thresholds, or `all`, ask for; null: nothing. */
function toLoadRequest(
  project: Project,
  units: ReadonlyMap<string, UnitState>,
  all: boolean,
): LoadRequest | null {
  const unit = units.get(project.service_name);
  const busy = all || project.busy_thresholds !== undefined;
  const backlog = all || project.backlog_thresholds !== undefined;
  if (unit === undefined || (!busy && !backlog)) return null;
  const { busy_thresholds: isAsked = project.backlog_thresholds } = project;
  return { unit, busy, backlog, ifMeasured: isAsked === undefined };
}

async function measureUnitLoads(
  requests: LoadRequest[],
  trees: WorkerTrees,
  memory: FactsMemory,
): Promise<Map<string, Load>> {
  const { measureLoads } = await import('./load.ts');
  return measureLoads(requests, trees, memory);
}

function withLoad(sample: ServiceSample, load: Load | undefined): ServiceSample {
  if (load === undefined) return sample;
  const errors = { ...sample.errors, ...load.errors };
  return { ...sample, ...load, ...(Object.keys(errors).length > 0 && { errors }) };
}

/** Whether workers may have to be taken away, so that it matters what they hold. */
function isShort(
  { memory_scale_down: mayFall, memory_threshold_mb: thresholdMb = 0 }: Project,
  { memory_available_mb: availableMb }: HostSample,
): boolean {
  return mayFall && availableMb !== null && availableMb < thresholdMb;
}

/** What of a service's resources its thresholds, or `all`, ask for. */
function wantedOf(project: Project, all: boolean): WantedResources {
  const { min_own_cpu_share: share, service_cpu_thresholds: thresholds } = project;
  return {
    cpu: all || share !== undefined || thresholds !== undefined,
    pressures: listPressures([project], 'service', all),
  };
}

/** A service of which systemd could not be asked. */
const NOT_ASKED: ServiceSample = {
  workers: null,
  running: null,
  errors: { workers: measureError('systemd_silent', 'systemd reports nothing about it') },
};

async function measureQueues(requests: QueueRequest[]): Promise<Map<string, QueueLength>> {
  const { readQueues } = await import('../queues/read-queues.ts');
  return readQueues(requests);
}

function withQueue(sample: ServiceSample, queue: QueueLength | undefined): ServiceSample {
  if (queue === undefined) return sample;
  const { length, error, note, unacked, unackedError } = queue;
  const errors = {
    ...sample.errors,
    ...(error !== undefined && { queue_length: error }),
    ...(unackedError !== undefined && { unacked: unackedError }),
  };
  return {
    ...sample,
    queue_length: length,
    ...(unacked !== undefined && { unacked }),
    ...(note !== undefined && { notes: { ...sample.notes, queue_length: note } }),
    ...(Object.keys(errors).length > 0 && { errors }),
  };
}
