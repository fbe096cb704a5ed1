import type { Config, Project } from '../../config/schema/schema.ts';
import type { Sample } from '../../model/types.ts';
import { EXIT, UserError } from '../../errors.ts';
import { toQueueRequest } from '../../queues/request.ts';
import type { UnitState } from '../../model/unit-state.ts';
import { declareKinds } from '../shared/declare-kinds.ts';
import { recallUnits } from '../../state/cache.ts';
import { toUnitMemory } from '../../targets/systemd/unit-facts.ts';

/** One metric; `error` says why its value is null. */
export interface Measured {
  metric: string;
  value: number | null;
  error: string | null;
}

const HOST_METRICS = ['cpu', 'memory', 'memory_percent'] as const;

type HostMetric = (typeof HOST_METRICS)[number];

/** Whether a metric is one of the host, which needs no project. */
export function isHostMetric(metric: string): metric is HostMetric {
  return HOST_METRICS.some((name) => name === metric);
}

/** CPU (percent since `previous`), available memory (MB) or used memory (percent). */
export async function measureHostMetric(
  metric: HostMetric,
  previous: Sample | null,
): Promise<Measured> {
  const { measureHost } = await import('../../measure/host.ts');
  const { host } = await measureHost(previous);
  const { cpu_percent: cpu, memory_available_mb: availableMb, memory_total_mb: totalMb } = host;
  if (metric === 'cpu') return { metric, value: cpu, error: host.errors?.['cpu_percent'] ?? null };
  const error = host.errors?.['memory_available_mb'] ?? null;
  if (metric === 'memory') return { metric, value: availableMb, error };
  const isKnown = availableMb !== null && typeof totalMb === 'number' && totalMb > 0;
  const value = isKnown ? Math.round((1 - availableMb / totalMb) * 1000) / 10 : null;
  return { metric, value, error };
}

/** The workers that a service declares, how busy they are, what waits for them, or the tasks that wait in its queues. @throws UserError usage where no project is meant */
export async function measureProjectMetric(
  metric: string,
  target: string | undefined,
  config: Config,
): Promise<Measured> {
  if (metric === 'celery_queue') {
    const hasQueue = ({ broker_url: url }: Project): boolean => url !== undefined;
    const [name, project] = pick(metric, target, config, hasQueue);
    const { readQueues } = await import('../../queues/read-queues.ts');
    const found = (await readQueues([toQueueRequest(name, project, false)!])).get(name);
    return { metric, value: found?.length ?? null, error: found?.error ?? null };
  }
  const [, { service_name: service }] = pick(metric, target, config, () => true);
  const unit = await readUnit(service, config);
  if (typeof unit === 'string') return { metric, value: null, error: unit };
  const memory = toUnitMemory(recallUnits(config.global.state_dir));
  const { readWorkerTrees } = await import('../../measure/worker-trees.ts');
  const trees = await readWorkerTrees([unit]);
  if (metric === 'busy' || metric === 'backlog') {
    const { measureLoads } = await import('../../measure/load.ts');
    const wanted = { busy: metric === 'busy', backlog: metric === 'backlog', ifMeasured: false };
    const load = (await measureLoads([{ unit, ...wanted }], trees, memory)).get(unit.unit);
    const key = metric === 'busy' ? 'busy_percent' : 'backlog';
    return { metric, value: load?.[key] ?? null, error: load?.errors?.[key] ?? null };
  }
  const tree = trees.get(unit.unit) ?? null;
  const { measureService } = await import('../../measure/services.ts');
  const { sample } = await measureService(unit, tree, memory, () => false);
  return { metric, value: sample.workers, error: sample.errors?.['workers'] ?? null };
}

/** What systemd says of a service that it has loaded; otherwise why it says nothing. */
async function readUnit(service: string, config: Config): Promise<UnitState | string> {
  const { readUnits } = await import('../../targets/systemd/units.ts');
  try {
    const unit = declareKinds(await readUnits([service]), config).get(service);
    if (unit?.loadState === 'loaded') return unit;
    return unit?.loadError ?? `${service} is ${unit?.loadState ?? 'not known'}`;
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
}

/** The project that is meant: named by itself or its unit, or the only enabled one that has such a metric. */
function pick(
  metric: string,
  target: string | undefined,
  config: Config,
  has: (project: Project) => boolean,
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
  const what = metric === 'celery_queue' ? 'project with a queue' : 'project';
  throw new UserError(
    EXIT.usage,
    target === undefined
      ? `metrics ${metric}: of which project? expected one of: ${names.join(', ') || `(no enabled ${what})`}`
      : `metrics ${metric} ${target}: no such ${what}; expected one of: ${names.join(', ') || '(there is none)'}`,
    `For example: autoscaler metrics ${metric} ${names[0] ?? 'PROJECT'}`,
  );
}
