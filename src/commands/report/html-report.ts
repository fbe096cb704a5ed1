import type { DatedChange, ProjectSeries, RecordedSeries } from '../shared/recorded-series.ts';
import { metricOf } from '../../metrics/registry.ts';
import type { MetricPolicy } from '../../model/types.ts';
import { formatCount, formatDuration, formatMemory } from '../../model/wording.ts';
import { formatMetric } from '../../metrics/wording.ts';
import { formatAge, formatMoment } from '../../output/ages.ts';
import { escapeHtml } from './html.ts';
import { renderPlot, type Flag, type Mark } from './plot.ts';
import { REPORT_STYLE } from './style.ts';

/** By this an older report of ours is known; the first line of each. */
export const REPORT_MARK = '<!doctype html><!-- autoscaler report -->';

/** Changes beyond this many are counted, not listed: the newest are. */
const MOST_LISTED = 200;

/** All of a time as one HTML page that needs nothing else: no script, no font, no network. */
export function renderHtmlReport(of: RecordedSeries, hostName: string): string {
  const { fromMs, toMs, samples, projects } = of;
  const span = `${formatMoment(fromMs, 0)} – ${formatMoment(toMs, 0)}`;
  const title = `autoscaler on ${hostName}`;
  const links = projects.map(
    ({ project }, index) => `<a href="#p${index}">${escapeHtml(project)}</a>`,
  );
  return `${REPORT_MARK}
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,"><title>${escapeHtml(title)}</title><style>${REPORT_STYLE}</style></head><body>
<h1>${escapeHtml(title)}</h1>
<p class="dim">${escapeHtml(span)} (${formatAge(toMs - fromMs)}), ${formatCount(samples.length, 'sample')}, ${formatCount(of.changes.length, 'change')}</p>
${of.warnings.map((warning) => `<p class="dim">${escapeHtml(warning)}</p>`).join('')}
${links.length > 1 ? `<nav>${links.join('')}</nav>` : ''}
${samples.length === 0 ? '<p>Nothing was recorded in this period.</p>' : renderHost(of)}
${projects.map((project, index) => renderProject(project, index, of)).join('\n')}
</body></html>
`;
}

function renderHost(of: RecordedSeries): string {
  const { fromMs, toMs, cpu, memory, memoryTotalMb, memoryUnitMb } = of;
  const memoryTotal = memoryTotalMb === null ? null : memoryTotalMb / memoryUnitMb;
  const common = { fromMs, toMs, flags: [], steps: false };
  const thresholds = of.projects.flatMap(({ policy }) => policy?.memoryThresholdMb ?? []);
  const marks = [...new Set(thresholds)].map((value): Mark => ({
    value: value / memoryUnitMb,
    label: `${formatMemory(value)} must remain`,
    direction: 'limit',
  }));
  return `<h2>Host</h2>
${renderPlot({ ...common, title: 'CPU', unit: cpu.unit, points: cpu.points, most: 100, marks: [] })}
${renderPlot({ ...common, title: 'Memory available', unit: memory.unit, points: memory.points, most: memoryTotal, marks })}`;
}

function renderProject(project: ProjectSeries, index: number, of: RecordedSeries): string {
  const { policy, workers, metrics, service } = project;
  const { fromMs, toMs } = of;
  const changes = of.changes.filter((change) => change.service === service);
  const flags = changes.map(({ atMs, result }, at): Flag => ({
    ...{ atMs, number: at + 1, failed: result !== 'applied' },
  }));
  const common = { fromMs, toMs, flags };
  const limits: Mark[] =
    policy === null
      ? []
      : [
          { value: policy.minWorkers, label: `min ${policy.minWorkers}`, direction: 'limit' },
          { value: policy.maxWorkers, label: `max ${policy.maxWorkers}`, direction: 'limit' },
        ];
  const plots = [
    ...(policy?.metrics ?? []).map((metric) => {
      const { label, unit } = metricOf(metric.metric);
      const isCpu = metric.metric === 'cpu';
      const series = isCpu ? of.cpu : metrics.find(({ name }) => name === label);
      return renderPlot({
        ...{ ...common, title: isCpu ? 'CPU of the host' : label, unit, steps: false },
        ...{ points: series?.points ?? [], most: isCpu ? 100 : null, marks: toMarks(metric) },
      });
    }),
    renderPlot({
      ...{ ...common, title: 'workers', unit: '', points: workers.points, most: null },
      ...{ marks: limits, steps: true },
    }),
  ];
  const about = policy === null ? 'disabled in the config' : service;
  return `<h2 id="p${index}">${escapeHtml(project.project)}</h2><p class="dim">${escapeHtml(about)}</p>
${workers.points.length === 0 ? '<p>No samples of it in this period.</p>' : plots.join('\n')}
${renderChanges(changes, of.toMs)}`;
}

function toMarks({ metric, up, down, upMs, downMs }: MetricPolicy): Mark[] {
  const toMark =
    (direction: 'up' | 'down', ms: number) =>
    ({ workers, threshold }: { workers: number; threshold: number }): Mark => {
      const sign = direction === 'up' ? '>' : '<';
      const label = `${sign} ${formatMetric(metric, threshold)} for ${formatDuration(ms)} → ${workers}`;
      return { value: threshold, label, direction };
    };
  return [...up.map(toMark('up', upMs)), ...down.map(toMark('down', downMs))];
}

function renderChanges(changes: readonly DatedChange[], toMs: number): string {
  if (changes.length === 0) return '<p class="dim">No changes in this period.</p>';
  const skipped = Math.max(0, changes.length - MOST_LISTED);
  const rows = changes.slice(skipped).map(({ atMs, from, to, action, result, reason }, index) => {
    const how = result === 'applied' ? reason : `${action} ${result}: ${reason}`;
    const isFailed = result === 'applied' ? '' : ' class="failed"';
    const cells = [`${skipped + index + 1}`, formatMoment(atMs, toMs), `${from} → ${to}`, how];
    return `<tr${isFailed}>${cells.map((cell) => `<td>${escapeHtml(cell)}</td>`).join('')}</tr>`;
  });
  const more = skipped === 0 ? '' : `<p class="dim">The first ${skipped} are not listed.</p>`;
  return `${more}<table><tr><th></th><th>When</th><th>Workers</th><th>Why</th></tr>${rows.join('')}</table>`;
}
