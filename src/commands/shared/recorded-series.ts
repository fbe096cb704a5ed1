import { findProject } from '../../config/policy/find-project.ts';
import { readPoliciesAt } from '../../config/policy/policies-at.ts';
import type { Config } from '../../config/schema/schema.ts';
import { GAP_INTERVALS } from '../../decide/evidence/breaks.ts';
import { metricOf } from '../../metrics/registry.ts';
import type { ActionRecord, Policy, Sample } from '../../model/types.ts';
import type { Point } from '../../output/buckets.ts';
import type { Dated } from '../../state/dates.ts';
import { readSince } from '../../state/history.ts';
import { readClocks } from '../../host/clock.ts';
import { readTrueNames, tellTwin } from './true-names.ts';

/** Values over time; `unit` follows a value. */
export interface Series {
  name: string;
  unit: string;
  points: Point[];
}

/** A change with its moment. */
export interface DatedChange extends ActionRecord {
  atMs: number;
  project: string;
}

/** A project with what was recorded of it; its metrics without CPU, which belongs to the host. */
export interface ProjectSeries {
  project: string;
  service: string;
  /** with the present limits */
  policy: Policy | null;
  workers: Series;
  metrics: Series[];
}

/** What was recorded since a moment. */
export interface RecordedSeries {
  /** the moment that was requested */
  sinceMs: number;
  /** where the series begin: at that moment, or with the first sample after it, which may be much later */
  fromMs: number;
  toMs: number;
  samples: { atMs: number; sample: Sample }[];
  changes: DatedChange[];
  cpu: Series;
  memory: Series;
  /** memory of the host, MB; null: unknown */
  memoryTotalMb: number | null;
  /** MB for each unit of `memory` */
  memoryUnitMb: number;
  projects: ProjectSeries[];
  warnings: string[];
}

/**
 * The history since a moment as series, for one project or all projects of the config.
 *
 * @throws UserError usage if there is no such project; like `readSince`
 */
export async function readSeries(
  written: Config,
  sinceMs: number,
  name: string | undefined,
): Promise<RecordedSeries> {
  const only = name === undefined ? null : findProject(name, written).name;
  const { config, twins } = await readTrueNames(written);
  const chosen = Object.entries(config.projects).filter(
    ([project]) => only === null || project === only,
  );
  const now = readClocks();
  const { entries, warnings } = readSince(config.global.state_dir, sinceMs, now);
  const samples = entries.flatMap(({ atMs, entry }) =>
    entry.kind === 'sample' ? [{ atMs, sample: entry }] : [],
  );
  const collect = (read: (sample: Sample) => number | null): Point[] =>
    samples.flatMap(({ atMs, sample }) => {
      const value = read(sample);
      return value === null ? [] : [{ atMs, value }];
    });
  const policies = (await readPoliciesAt(config))(new Date(now.ms));
  const projects = chosen.map(([project, { service_name: service }]): ProjectSeries => {
    const policy = policies.find((each) => each.service === service) ?? null;
    const own = policy?.metrics.filter(({ metric }) => metric !== 'cpu') ?? [];
    return {
      ...{ project, service, policy },
      workers: {
        ...{ name: 'workers', unit: '' },
        points: collect((sample) => sample.services[service]?.workers ?? null),
      },
      metrics: own.map(({ metric }) => ({
        name: metricOf(metric).label,
        unit: metricOf(metric).unit,
        points: collect((sample) => metricOf(metric).read(sample, service)),
      })),
    };
  });
  const memoryTotalMb = samples.at(-1)?.sample.host.memory_total_mb ?? null;
  // as people tell it
  const isLarge = (memoryTotalMb ?? 0) >= 1024;
  const memoryUnitMb = isLarge ? 1024 : 1;
  const byService = new Map(projects.map(({ service, project }) => [service, project]));
  return {
    ...{ sinceMs, fromMs: findStart(entries, sinceMs, config), toMs: now.ms, samples, projects },
    warnings: [...warnings, ...twins.map(tellTwin)],
    changes: entries.flatMap(({ atMs, entry }) => {
      const project = byService.get(entry.kind === 'action' ? entry.service : '');
      return entry.kind === 'action' && project !== undefined ? [{ ...entry, atMs, project }] : [];
    }),
    cpu: { name: 'cpu', unit: ' %', points: collect(({ host }) => host.cpu_percent) },
    memory: {
      ...{ name: 'memory', unit: isLarge ? ' GB' : ' MB' },
      points: collect(({ host: { memory_available_mb: mb } }) =>
        mb === null ? null : mb / memoryUnitMb,
      ),
    },
    memoryTotalMb,
    memoryUnitMb,
  };
}

/** If nothing was recorded at the start of the requested time, as on a new host, that part is left out. */
function findStart(entries: readonly Dated[], sinceMs: number, { global }: Config): number {
  const firstMs = entries[0]?.atMs ?? sinceMs;
  return firstMs - sinceMs > GAP_INTERVALS * global.check_interval_seconds * 1000
    ? firstMs
    : sinceMs;
}
