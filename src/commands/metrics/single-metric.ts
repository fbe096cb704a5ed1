import type { Config, Project } from '../../config/schema/schema.ts';
import { findMetricError } from '../../metrics/missing.ts';
import { ALL_THRESHOLDS, metricOf, type KnownMetric } from '../../metrics/registry.ts';
import { isOther, SINGLE_VALUES } from '../../metrics/single-values.ts';
import { measureError, type MeasureError } from '../../model/measure-error.ts';
import type { HistoryEntry, Sample } from '../../model/types.ts';
import { EXIT, UserError } from '../../errors.ts';
import { toQueueRequest } from '../../queues/request.ts';
import type { UnitState } from '../../model/unit-state.ts';
import { declareKinds } from '../shared/declare-kinds.ts';
import { recallUnits } from '../../state/cache.ts';
import { TARGET } from '../../targets/registry.ts';

/** One metric; `error` says why its value is null. */
export interface Measured {
  metric: string;
  value: number | null;
  error: MeasureError | null;
}

/** Whether a metric is one of the host, which needs no project. */
export function isHostMetric(name: string): boolean {
  return SINGLE_VALUES.get(name)?.of === 'host';
}

/** A metric of the host; averages are since `previous`. */
export async function measureHostMetric(name: string, previous: Sample | null): Promise<Measured> {
  const { takeSample } = await import('../../measure/sample.ts');
  const config = { projects: {} };
  const memory = TARGET.remember();
  const { sample } = await takeSample({
    ...{ config, units: new Map(), previous, wantsAll: true, memory },
  });
  if (!isOther(name)) return readMeasured(name, sample, '');
  const { memory_available_mb: availableMb, memory_total_mb: totalMb, errors } = sample.host;
  const error = errors?.['memory_available_mb'] ?? null;
  if (name === 'memory') return { metric: name, value: availableMb, error };
  const isKnown = availableMb !== null && typeof totalMb === 'number' && totalMb > 0;
  const value = isKnown ? Math.round((1 - availableMb / totalMb) * 1000) / 10 : null;
  return { metric: name, value, error };
}

/**
 * A metric of a service, or the tasks that wait in its queues; nothing else of it is measured. `readHistory`: the samples of
 * the last minutes, asked only for averages and rates. @throws UserError usage where no project is meant
 */
export async function measureProjectMetric(
  name: string,
  target: string | undefined,
  config: Config,
  readHistory: () => readonly HistoryEntry[],
): Promise<Measured> {
  const metric = isOther(name) ? null : metricOf(name);
  const needsBroker = name === 'celery_queue' || metric?.thresholds.needsBroker === true;
  const has = ({ broker_url: url }: Project): boolean => !needsBroker || url !== undefined;
  const [project, found] = pick(name, target, config, has, needsBroker);
  if (name === 'celery_queue') {
    const { readQueues } = await import('../../queues/read-queues.ts');
    const queue = (await readQueues([toQueueRequest(project, found, false)!])).get(project);
    return { metric: name, value: queue?.length ?? null, error: queue?.error ?? null };
  }
  const unit = await readUnit(found.service_name, config);
  if ('code' in unit && !needsBroker) return { metric: name, value: null, error: unit };
  const history = metric !== null && usesHistory(metric) ? readHistory() : [];
  const { takeSample } = await import('../../measure/sample.ts');
  const { sample } = await takeSample({
    config: { projects: { [project]: wanting(found, metric) } },
    units: new Map('code' in unit ? [] : [[found.service_name, unit]]),
    previous: history.findLast((entry) => entry.kind === 'sample') ?? null,
    mayGrow: () => false,
    history,
    memory: TARGET.remember(recallUnits(config.global.state_dir)),
  });
  const service = sample.services[found.service_name];
  if (metric === null) {
    const error = service?.errors?.['workers'] ?? null;
    return { metric: name, value: service?.workers ?? null, error };
  }
  const measured = readMeasured(name, sample, found.service_name);
  // a broker that does not answer is said first
  return 'code' in unit && measured.value === null && service?.queue_length !== null
    ? { ...measured, error: unit }
    : measured;
}

/** Averages and rates are since earlier samples. */
function usesHistory({ isAverage, fields }: KnownMetric): boolean {
  return isAverage || 'drain_time_s' in fields;
}

function readMeasured(name: string, sample: Sample, service: string): Measured {
  const value = metricOf(name).read(sample, service);
  const error = value === null ? findMetricError(sample, service, name) : null;
  return { metric: name, value, error };
}

/** A project as if it had thresholds of this metric alone: so nothing else is measured. */
function wanting(project: Project, metric: KnownMetric | null): Project {
  const wanted: Project = { ...project, enabled: true };
  for (const { key } of ALL_THRESHOLDS) delete wanted[key];
  delete wanted.memory_threshold_mb;
  delete wanted.min_own_cpu_share;
  if (metric?.thresholds.needsBroker !== true) delete wanted.broker_url;
  if (metric === null) return wanted;
  const { thresholds, when } = metric;
  // what else its queues could be asked for costs reading messages
  wanted.queue_metric = 'ready';
  const chosen = when === undefined ? {} : { [when.key]: when.is };
  return { ...wanted, ...chosen, [thresholds.key]: { scale_up_1: 0 } };
}

/** What systemd says of a service that it has loaded; otherwise why it says nothing. */
async function readUnit(service: string, config: Config): Promise<UnitState | MeasureError> {
  try {
    const unit = declareKinds(await TARGET.readStates([service]), config).get(service);
    if (unit?.loadState === 'loaded') return unit;
    const why = unit?.loadError ?? `${service} is ${unit?.loadState ?? 'not known'}`;
    return measureError('not_loaded', why);
  } catch (error) {
    if (error instanceof UserError) return measureError('systemd_silent', error.message);
    throw error;
  }
}

/** The project that is meant: named by itself or its unit, or the only enabled one that has such a metric. */
function pick(
  metric: string,
  target: string | undefined,
  config: Config,
  has: (project: Project) => boolean,
  needsBroker: boolean,
): [name: string, project: Project] {
  const candidates = Object.entries(config.projects).filter(([, project]) => has(project));
  const enabled = candidates.filter(([, project]) => project.enabled);
  const isMeant = ([name, { service_name: service }]: (typeof candidates)[number]): boolean =>
    [name, service, service.replace(/\.service$/, '')].includes(target ?? '');
  const named = candidates.filter(isMeant);
  // a project's own name comes before the service of another one
  const [first, second] =
    target === undefined
      ? enabled
      : named.toSorted(([a], [b]) => Number(b === target) - Number(a === target));
  if (first !== undefined && (second === undefined || target !== undefined)) return first;
  const names = enabled.map(([name]) => name);
  const what = needsBroker ? 'project with a queue' : 'project';
  throw new UserError(
    EXIT.usage,
    target === undefined
      ? `metrics ${metric}: for which project? expected one of: ${names.join(', ') || `(no enabled ${what})`}`
      : `metrics ${metric} ${target}: no such ${what}; expected one of: ${names.join(', ') || '(there are none)'}`,
    `For example: autoscaler metrics ${metric} ${names[0] ?? 'PROJECT'}`,
  );
}
