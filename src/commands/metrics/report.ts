import { formatMemory } from '../../model/wording.ts';
import type { Config } from '../../config/schema/schema.ts';
import type { MeasureErrors } from '../../model/measure-error.ts';
import type { Sample, ServiceSample } from '../../model/types.ts';
import { cleanLine } from '../../output/clean.ts';
import { renderLoad } from './load-report.ts';
import { listHostPressures, renderResources } from './resource-report.ts';
import { renderTable } from '../../output/table.ts';

/** All that was measured, for people: the host's values, then a row for each service; below, why something is missing. */
export function renderMetrics(config: Config, sample: Sample): string {
  const { host, span_s: spanS, services } = sample;
  const since =
    spanS === null
      ? 'over half a second: the first sample of this boot'
      : `average of the last ${Math.round(spanS)} s`;
  const hostRows = [
    ['cpu', percent(host.cpu_percent), since],
    ['cpu steal', percent(host.steal_percent ?? null), 'taken by other guests of the same machine'],
    [
      'memory',
      megabytes(host.memory_available_mb),
      `available of ${megabytes(host.memory_total_mb ?? null)}`,
    ],
    ...listHostPressures(host),
  ];
  const resources = renderResources(config, sample);
  const serviceRows = Object.entries(config.projects)
    .filter(([, { enabled }]) => enabled)
    .map(([project, { service_name }]) =>
      serviceRow(project, service_name, services[service_name]),
    );
  const errors = [
    ...listErrors('host', host.errors),
    ...Object.entries(services).flatMap(([name, service]) => listErrors(name, service.errors)),
  ];
  const notes = Object.entries(services).flatMap(([name, service]) =>
    Object.entries(service.notes ?? {}).map(([key, note]) => cleanLine(`${name} ${key}: ${note}`)),
  );
  return [
    renderTable(['HOST', 'VALUE', ''], hostRows),
    renderTable(
      [
        'PROJECT',
        'SERVICE',
        'STATE',
        'WORKERS',
        'RUNNING',
        'MEMORY',
        'TASKS',
        'QUEUE',
        'UNACKED',
        'DRAIN',
      ],
      serviceRows,
    ),
    ...(resources === '' ? [] : [resources]),
    ...(notes.length > 0 ? [`Notes:\n${notes.map((line) => `  ${line}\n`).join('')}`] : []),
    ...[renderLoad(config, sample)].filter((table) => table !== ''),
    ...(errors.length > 0
      ? [`Not measured:\n${errors.map((line) => `  ${line}\n`).join('')}`]
      : []),
  ].join('\n');
}

function serviceRow(project: string, name: string, service: ServiceSample | undefined): string[] {
  const count = (value: number | null | undefined, missing: string): string =>
    value === undefined ? missing : value === null ? '?' : String(value);
  return [
    project,
    name,
    service?.active ?? '?',
    count(service?.workers, '?'),
    count(service?.running, '?'),
    service?.memory_mb === undefined ? '-' : megabytes(service.memory_mb),
    count(service?.running_tasks, '-'),
    count(service?.queue_length, '-'),
    count(service?.unacked, '-'),
    renderDrain(service),
  ];
}

/** `12.5 s (0.4/s in, 0.8/s done)` */
function renderDrain(service: ServiceSample | undefined): string {
  const { drain_time_s: drainS, arrival_rate: arrived, completion_rate: completed } = service ?? {};
  if (drainS === undefined) return '-';
  const rate = (value: number | null | undefined): string =>
    typeof value === 'number' ? `${Math.round(value * 100) / 100}/s` : '?';
  const time = drainS === null ? '?' : `${Math.round(drainS * 10) / 10} s`;
  return `${time} (${rate(arrived)} in, ${rate(completed)} done)`;
}

function listErrors(where: string, errors: MeasureErrors = {}): string[] {
  return Object.entries(errors).map(([key, { text }]) => cleanLine(`${where} ${key}: ${text}`));
}

function percent(value: number | null): string {
  return value === null ? '?' : `${value.toFixed(1)} %`;
}

function megabytes(value: number | null): string {
  return value === null ? '?' : formatMemory(value);
}
