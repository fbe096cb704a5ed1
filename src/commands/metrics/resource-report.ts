import type { Config } from '../../config/schema/schema.ts';
import { PRESSURES, type MetricName } from '../../model/metric-name.ts';
import { metricOf } from '../../metrics/registry.ts';
import type { HostSample, Sample } from '../../model/types.ts';
import { renderTable } from '../../output/table.ts';

/** The host's pressures, a row each. */
export function listHostPressures(host: HostSample): string[][] {
  return PRESSURES.filter((key) => host[key] !== undefined).map((key) => [
    key.replace('_', ' '),
    percent(host[key]),
    'of the time something waited for it',
  ]);
}

/** What each service itself uses, and how much of the time it waits; empty where nothing of it was measured. */
export function renderResources(config: Config, sample: Sample): string {
  const rows = Object.entries(config.projects)
    .filter(([, { enabled, service_name: name }]) => {
      return enabled && sample.services[name]?.cpu_cores !== undefined;
    })
    .map(([project, { service_name: name }]) => {
      const value = (metric: MetricName): number | null => metricOf(metric).read(sample, name);
      return [
        project,
        percent(toPercent(sample.services[name]?.cpu_cores)),
        percent(toPercent(shareOfBusy(sample, name))),
        percent(value('service_cpu')),
        ...PRESSURES.map((key) => percent(value(key))),
      ];
    });
  if (rows.length === 0) return '';
  const head = ['OWN CPU', 'OF THE BUSY', 'PER WORKER', 'CPU PRESSURE', 'MEMORY PRESSURE'];
  return renderTable(['PROJECT', ...head, 'IO PRESSURE'], rows);
}

function shareOfBusy({ host, services }: Sample, name: string): number | null {
  const cores = services[name]?.cpu_cores;
  const { cpu_percent: busy, cpus } = host;
  if (typeof cores !== 'number' || busy === null || cpus === undefined) return null;
  return busy === 0 ? 0 : Math.min(1, cores / ((busy / 100) * cpus));
}

function toPercent(share: number | null | undefined): number | null {
  return typeof share === 'number' ? share * 100 : null;
}

function percent(value: number | null | undefined): string {
  return typeof value === 'number' ? `${value.toFixed(1)} %` : '?';
}
