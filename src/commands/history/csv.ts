import { readExported } from '../../metrics/metric.ts';
import { ALL_METRICS } from '../../metrics/registry.ts';
import { cleanLine } from '../../output/clean.ts';
import type { RecordedSeries } from '../shared/recorded-series.ts';

/** The columns that have always been there, in their order. */
const FIRST = [
  ...['kind', 'at', 'project', 'service', 'cpu_percent', 'memory_available_mb', 'workers'],
  ...['running', 'memory_mb', 'queue_length', 'hold', 'action', 'from', 'to', 'result', 'reason'],
];

/** What metrics add to them. */
const MORE = ALL_METRICS.filter(({ exported }) => !FIRST.includes(exported.column));

const HEADER = [...FIRST, ...MORE.map(({ exported }) => exported.column)];

type Cell = string | number | null | undefined;

/** Samples and changes as CSV (RFC 4180): a row for each project of each sample, and for each change. */
export function renderCsv({ samples, changes, projects }: RecordedSeries): string {
  const rows: { atMs: number; cells: Cell[] }[] = [];
  for (const { atMs, sample } of samples) {
    const { cpu_percent: cpu, memory_available_mb: memory } = sample.host;
    for (const { project, service } of projects) {
      const found = sample.services[service];
      if (found === undefined) continue;
      const { workers, running, memory_mb, queue_length, hold } = found;
      const own = [cpu, memory, workers, running, memory_mb, queue_length, hold];
      const noChange = Array.from({ length: 5 }, () => null);
      const more = MORE.map((metric) => readExported(metric, sample, service));
      const cells = ['sample', toIso(atMs), project, service, ...own, ...noChange, ...more];
      rows.push({ atMs, cells });
    }
  }
  for (const { atMs, project, service, action, from, to, result, reason } of changes) {
    const none = Array.from({ length: 7 }, () => null);
    const own = [action, from, to, result, reason];
    rows.push({ atMs, cells: ['change', toIso(atMs), project, service, ...none, ...own] });
  }
  rows.sort((a, b) => a.atMs - b.atMs);
  return [HEADER, ...rows.map(({ cells }) => cells)].map(toRow).join('');
}

function toIso(ms: number): string {
  return new Date(ms).toISOString();
}

function toRow(cells: readonly Cell[]): string {
  const all = HEADER.map((_, column) => quote(cells[column]));
  return `${all.join(',')}\r\n`;
}

/**
 * What a spreadsheet would take for a formula gets a `'` before it (OWASP, "CSV Injection"): at the start of a text, and after
 * a semicolon, which many of them take for the end of a cell. A number stays one.
 */
function quote(cell: Cell): string {
  if (typeof cell !== 'string') return cell === null || cell === undefined ? '' : String(cell);
  const text = cleanLine(cell).replace(/(^|;)(?=\s*[=+\-@\uff1d\uff0b\uff0d\uff20])/g, "$1'");
  return /[",;]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
