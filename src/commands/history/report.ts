import type { DatedChange, RecordedSeries, Series } from '../shared/recorded-series.ts';
import { formatNumber, formatCount } from '../../model/wording.ts';
import { formatAge, formatMoment } from '../../output/ages.ts';
import { fillBuckets } from '../../output/buckets.ts';
import { cleanLine, cleanStrings } from '../../output/clean.ts';
import type { Screen } from '../../output/screen.ts';
import { renderSparkline } from '../../output/sparkline.ts';
import type { Output } from '../../output/terminal.ts';
import { fitText, padText, textWidth } from '../../output/text.ts';

const MOST_NAME = 30;
/** more in a file, where there is room, would not be looked at */
const MOST_COLUMNS = 120;
const LEAST_LINE = 10;

/** The time that was asked for: a line for each series, then the changes. */
export function renderHistory(of: RecordedSeries, screen: Screen, out: Output): string {
  const { sinceMs, fromMs, toMs, samples, changes } = of;
  const first = fromMs > sinceMs ? ', the first sample' : '';
  const head = `since ${formatMoment(fromMs, toMs)}${first} (${formatAge(toMs - fromMs)}): ${formatCount(samples.length, 'sample')}, ${formatCount(changes.length, 'change')}`;
  const lines = [fitText(head, screen.columns), ''];
  if (samples.length === 0) lines.push('Nothing was recorded in this period.');
  else lines.push(...renderSeries(of, screen, out));
  if (changes.length > 0) lines.push('', ...renderChanges(changes, of, screen, out));
  return lines.map((line) => `${line}\n`).join('');
}

function renderSeries(of: RecordedSeries, { columns, unicode }: Screen, out: Output): string[] {
  const rows: [name: string, series: Series, from0: boolean][] = [
    ['host', of.cpu, true],
    ['host', of.memory, true],
    ...of.projects.flatMap(({ project, workers, metrics }) =>
      [workers, ...metrics].map((series): [string, Series, boolean] => [project, series, true]),
    ),
  ];
  const cells = rows.map(([project, series]) => {
    const values = series.points.map(({ value }) => value);
    const isCoarse = series === of.memory && of.memoryUnitMb === 1;
    const show = (value: number | undefined): string =>
      value === undefined ? '–' : formatNumber(isCoarse ? Math.round(value) : value);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const [least, most] = values.reduce(
      ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
      [Infinity, -Infinity],
    );
    const known = values.length > 0;
    return [
      nameSeries(project, series),
      ...[
        known ? show(least) : '–',
        known ? show(mean) : '–',
        known ? show(most) : '–',
        show(values.at(-1)),
      ],
    ];
  });
  const header = ['SERIES', 'LEAST', 'MEAN', 'MOST', 'LAST'];
  const widths = header.map((_, column) =>
    Math.max(...[header, ...cells].map((row) => textWidth(row[column] ?? ''))),
  );
  const used = widths.reduce((sum, width) => sum + width + 2, 0);
  const room = Math.min(columns, MOST_COLUMNS) - used;
  const toLine = (row: string[], line: string): string => {
    const numbers = row.slice(1).map((text, index) => text.padStart(widths[index + 1] ?? 0));
    const text = [padText(row[0] ?? '', widths[0] ?? 0), ...numbers].join('  ');
    return room < LEAST_LINE ? fitText(text, columns) : `${text}  ${line}`.trimEnd();
  };
  return [
    toLine(header, ''),
    ...rows.map(([, series], index) => {
      const buckets = fillBuckets(series.points, of.fromMs, of.toMs, Math.max(1, room));
      const values = buckets.map((bucket) => bucket?.mean ?? null);
      const most = series === of.cpu ? 100 : Math.max(1, ...values.map((value) => value ?? 0));
      const line = renderSparkline(values, { least: 0, most }, unicode);
      return toLine(cells[index]!, out.paint('cyan', line));
    }),
  ];
}

/** The name of a project may be long, what is measured must be told all the same. */
function nameSeries(project: string, { name, unit }: Series): string {
  const what = ` ${name}${unit}`;
  return `${fitText(cleanLine(project), MOST_NAME - textWidth(what))}${what}`;
}

function renderChanges(
  changes: readonly DatedChange[],
  { toMs }: RecordedSeries,
  { columns }: Screen,
  out: Output,
): string[] {
  const rows = changes
    .map(cleanStrings)
    .map(({ atMs, project, from, to, action, result, reason }) => ({
      cells: [
        formatMoment(atMs, toMs),
        fitText(project, MOST_NAME),
        `${from} → ${to}`,
        result === 'applied' ? action : `${action}, ${result}`,
      ],
      reason,
      failed: result !== 'applied',
    }));
  const header = ['WHEN', 'PROJECT', 'WORKERS', 'CHANGE'];
  const widths = header.map((title, column) =>
    Math.max(textWidth(title), ...rows.map(({ cells }) => textWidth(cells[column] ?? ''))),
  );
  const toLine = (cells: string[], rest: string): string =>
    fitText(
      `${cells.map((text, column) => padText(text, widths[column] ?? 0)).join('  ')}  ${rest}`.trimEnd(),
      columns,
    );
  return [
    toLine(header, 'WHY'),
    ...rows.map(({ cells, reason, failed }) => {
      const line = toLine(cells, reason);
      return failed ? out.paint('red', line) : line;
    }),
  ];
}
