import { readExported, type Metric } from '../../metrics/metric.ts';
import { ALL_METRICS } from '../../metrics/registry.ts';
import type { Policy, Sample } from '../../model/types.ts';
import { nameSeries, type Family, type Series } from '../../output/prometheus.ts';
import type { RunReport, ServiceReport } from './run-report.ts';

/** Counters by series, as the previous run left them. */
export type Counts = Record<string, number>;

/** A run, as its metrics describe it. */
export interface RunFacts {
  report: RunReport;
  sample: Sample;
  policies: readonly Policy[];
  version: string;
  atS: number;
  durationS: number;
}

const MB = 2 ** 20;

/** The metrics of a run, and the counters as it leaves them. */
export function exportMetrics(
  run: RunFacts,
  before: Counts,
): { families: Family[]; counts: Counts } {
  const families = [
    ...exportRun(run),
    ...exportHost(run.sample),
    ...exportServices(run),
    ...ALL_METRICS.map((metric) => exportMeasured(metric, run)),
  ];
  const counters = exportCounters(run, before);
  const counts: Counts = {};
  for (const { name, series } of counters) {
    for (const { labels, value } of series) counts[nameSeries(name, labels)] = value;
  }
  return { families: [...families, ...counters], counts };
}

function exportRun({ report, version, atS, durationS }: RunFacts): Family[] {
  const info = [{ labels: { version }, value: 1 }];
  const success = isWhole(report) ? 1 : 0;
  return [
    gauge('build_info', 'The version of autoscaler; always 1.', info),
    gauge(
      'last_run_timestamp_seconds',
      'When the last run ended, in seconds since 1970.',
      one(atS),
    ),
    gauge('last_run_duration_seconds', 'How long the last run took.', one(durationS)),
    gauge(
      'last_run_success',
      '1: the last run could measure and change all services.',
      one(success),
    ),
  ];
}

function exportHost({ host }: Sample): Family[] {
  const { memory_available_mb: memory } = host;
  const total = host.memory_total_mb ?? null;
  return [
    gauge('host_memory_available_bytes', 'Available memory of the host.', one(inBytes(memory))),
    gauge('host_memory_total_bytes', 'Memory of the host.', one(inBytes(total))),
  ];
}

function exportServices({ report, sample, policies }: RunFacts): Family[] {
  const policyOf = (service: ServiceReport): Policy | undefined =>
    policies.find(({ project }) => project === service.project);
  const each = (read: (service: ServiceReport) => number | null | undefined): Series[] =>
    report.services.flatMap((service) => {
      const value = read(service);
      return typeof value === 'number' ? [{ labels: labelsOf(service), value }] : [];
    });
  const paused = (['up', 'down'] as const).flatMap((direction) =>
    report.services.map((service) => ({
      labels: { ...labelsOf(service), direction },
      value: policyOf(service)?.pause?.[direction] ? 1 : 0,
    })),
  );
  const held = report.services.flatMap((service) =>
    service.hold === null
      ? []
      : [{ labels: { ...labelsOf(service), hold: service.hold }, value: 1 }],
  );
  const measured = ({ service }: ServiceReport) => sample.services[service];
  return [
    gauge(
      'workers',
      'Declared workers: what the unit file says.',
      each((s) => (s.applied && s.action !== 'heal' && s.action !== 'renew' ? s.to : s.workers)),
    ),
    gauge(
      'workers_running',
      'Running workers: what the processes show.',
      each((s) => s.running),
    ),
    gauge(
      'workers_min',
      'min_workers of the config.',
      each((s) => policyOf(s)?.minWorkers),
    ),
    gauge(
      'workers_max',
      'max_workers of the config.',
      each((s) => policyOf(s)?.maxWorkers),
    ),
    gauge(
      'workers_pinned',
      'The count that the service is pinned to.',
      each((s) => policyOf(s)?.pin?.workers),
    ),
    gauge(
      'workers_memory_bytes',
      'Memory of all workers of the service together, where it was measured.',
      each((s) => inBytes(measured(s)?.memory_mb)),
    ),
    gauge(
      'enabled',
      '0: disabled in the config.',
      each((s) => (s.hold === 'disabled' ? 0 : 1)),
    ),
    gauge('paused', '1: changes in this direction are paused.', paused),
    gauge('hold', 'Why a wanted change is not made; only the current reason is exported.', held),
    gauge(
      'error',
      '1: the service could not be measured or changed in the last run.',
      each((s) => (s.error === null ? 0 : 1)),
    ),
  ];
}

/** What was measured of the host or of each service; percentages become ratios. */
function exportMeasured(metric: Metric, { report, sample }: RunFacts): Family {
  const { of, unit, exported } = metric;
  const read = (service: string): number | null => {
    const value = readExported(metric, sample, service);
    return value !== null && unit === ' %' ? value / 100 : value;
  };
  const series =
    of === 'host'
      ? one(read(''))
      : report.services.flatMap((service) => one(read(service.service), labelsOf(service)));
  return gauge(exported.family, exported.help, series);
}

function exportCounters({ report }: RunFacts, before: Counts): Family[] {
  const count = (name: string, labels: Record<string, string>, more: boolean): Series => ({
    labels,
    value: (before[nameSeries(`autoscaler_${name}`, labels)] ?? 0) + (more ? 1 : 0),
  });
  const services = report.services.filter(({ hold }) => hold !== 'disabled');
  const changes = services.flatMap((service) =>
    (['scale_up', 'scale_down', 'heal', 'renew'] as const).flatMap((action) =>
      (['applied', 'failed'] as const).map((result) => {
        const ended = service.applied ? 'applied' : service.error === null ? null : 'failed';
        const isThis = service.action === action && ended === result;
        return count('changes_total', { ...labelsOf(service), action, result }, isThis);
      }),
    ),
  );
  const runs = (['ok', 'failed'] as const).map((result) =>
    count('runs_total', { result }, isWhole(report) === (result === 'ok')),
  );
  return [
    counter('runs_total', 'Completed runs, by result.', runs),
    counter('changes_total', 'Changes that runs made or attempted.', changes),
  ];
}

function isWhole({ failed = false, services }: RunReport): boolean {
  return !failed && services.every(({ error }) => error === null);
}

function labelsOf({ project, service }: ServiceReport): Record<string, string> {
  return { project, service };
}

function inBytes(mb: number | null | undefined): number | null {
  return typeof mb === 'number' ? mb * MB : null;
}

function one(value: number | null, labels = {}): Series[] {
  return value === null ? [] : [{ labels, value }];
}

function gauge(name: string, help: string, series: Series[]): Family {
  return { name: `autoscaler_${name}`, type: 'gauge', help, series };
}

function counter(name: string, help: string, series: Series[]): Family {
  return { name: `autoscaler_${name}`, type: 'counter', help, series };
}
