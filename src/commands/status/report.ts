import { metricOf } from '../../metrics/registry.ts';
import { formatDuration } from '../../model/wording.ts';
import { formatMetric } from '../../metrics/wording.ts';
import { formatAge, formatMoment } from '../../output/ages.ts';
import { renderBar } from '../../output/bars.ts';
import { cleanStrings } from '../../output/clean.ts';
import type { Screen } from '../../output/screen.ts';
import { HOLD_NAMES, renderHeading } from './heading.ts';
import type { StatusEnd, StatusMetric, StatusReport, StatusService } from './types.ts';
import type { Output } from '../../output/terminal.ts';
import { fitText, padText, textWidth } from '../../output/text.ts';

type Style = Parameters<Output['paint']>[0];

/** A project as it is shown. */
interface Row {
  project: string;
  workers: string;
  metrics: string;
  change: string;
  now: string;
  style: Style | null;
}

const HEADER: Row = {
  ...{ project: 'PROJECT', workers: 'WORKERS', metrics: 'METRICS', change: 'CHANGED' },
  ...{ now: 'NOW', style: null },
};

/** A column narrower than this says nothing. */
const LEAST_NOW = 26;
const MOST_NAME = 30;
const MOST_WINDOW = 16;
const BAR_COLUMNS = 8;

/** The screen of `status`: the host, then a row for each project, or some lines where the terminal is narrow. */
export function renderStatus(given: StatusReport, screen: Screen, out: Output): string {
  const report = cleanStrings(given);
  const rows = report.services.map((service) => toRow(service, report, screen));
  const lines = [
    ...renderHeading(report, screen, out),
    // what the example names is not on this host
    ...(report.example ? [] : ['', ...renderRows(rows, screen, out)]),
    ...report.notes.map((note) => fitText(`Note: ${note}`, screen.columns)),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function renderRows(rows: Row[], { columns }: Screen, out: Output): string[] {
  if (rows.length === 0) return ['The config has no projects.'];
  const keys = ['project', 'workers', 'metrics', 'change'] as const;
  const widthOf = (key: (typeof keys)[number]): number =>
    Math.max(...[HEADER, ...rows].map((row) => textWidth(row[key])));
  const tries: (typeof keys)[number][][] = [[...keys], ['project', 'workers', 'metrics']];
  for (const shown of tries) {
    const used = shown.reduce((sum, key) => sum + widthOf(key) + 2, 0);
    if (used + LEAST_NOW > columns) continue;
    return [HEADER, ...rows].map((row) => {
      const cells = shown.map((key) => `${padText(row[key], widthOf(key))}  `).join('');
      const now = fitText(row.now, columns - used);
      return (cells + (row.style === null ? now : out.paint(row.style, now))).trimEnd();
    });
  }
  return rows.flatMap((row) => stack(row, columns, out));
}

function stack(row: Row, columns: number, out: Output): string[] {
  const head = fitText(`${row.project}  ${row.workers}`, columns);
  const now = fitText(`  ${row.now}`, columns);
  const details = [row.metrics, row.change === '' ? '' : `changed ${row.change}`];
  return [
    head,
    ...details.filter((text) => text !== '').map((text) => fitText(`  ${text}`, columns)),
    row.style === null ? now : out.paint(row.style, now),
  ];
}

function toRow(service: StatusService, report: StatusReport, screen: Screen): Row {
  const [now, style] = tellNow(service, report, screen);
  return {
    project: fitText(service.project, MOST_NAME),
    workers: tellWorkers(service),
    metrics: service.metrics.map(tellMetric).join(', '),
    change: tellChange(service, report),
    now,
    style,
  };
}

/** Declared/running, then the limits, and the window of time that they are from: `3/3 of 1–4 (office)`. */
function tellWorkers(service: StatusService): string {
  const { workers, running, min_workers: min, max_workers: max, schedule } = service;
  const window = schedule === null ? '' : ` (${fitText(schedule, MOST_WINDOW)})`;
  return `${workers ?? '?'}/${running ?? '?'} of ${min}–${max}${window}`;
}

/** `cpu 55 % (30–80 %)`: the value, and between which values nothing is to be done; with one bound alone in words. */
function tellMetric({ metric, value, up_at: up, down_at: down }: StatusMetric): string {
  const { label, unit } = metricOf(metric);
  const shown = value === null ? '?' : formatMetric(metric, value);
  return `${label} ${shown}${tellSpan(down, up, unit)}`;
}

function tellSpan(down: number | null, up: number | null, unit: string): string {
  if (down !== null && up !== null) return ` (${down}–${up}${unit})`;
  if (down !== null) return ` (below ${down}${unit} → fewer)`;
  return up === null ? '' : ` (above ${up}${unit} → more)`;
}

function tellChange({ last_change: change }: StatusService, { at }: StatusReport): string {
  if (change === null) return '';
  const when = formatMoment(Date.parse(change.at), Date.parse(at));
  const what = change.from === null ? '' : ` ${change.from}→${change.to}`;
  return `${when}${what}${change.result === 'applied' ? '' : ` ${change.result}`}`;
}

const NEXT = {
  finish: '; the next run completes it',
  undo: '; the next run rolls it back',
  unknown: '',
};

/** An empty text: nothing is to be said. */
type Now = [text: string, style: Style | null];

/** What goes on with a project, in a few words, and how it is painted; what somebody has paused or pinned comes first. */
function tellNow(service: StatusService, report: StatusReport, screen: Screen): Now {
  if (!service.enabled) return ['disabled', 'dim'];
  const control = tellControl(service, report);
  const [text, style] = tellUncounted(service, tellProgress(service, report, screen));
  if (control === null) return text === '' ? ['steady', null] : [text, style];
  // what holds it back is said already, and what it would do is left to say
  const { hold, wanted } = service;
  const rest = hold === 'paused' ? (wanted === null ? '' : `would go to ${wanted}`) : text;
  return [rest === '' ? control : `${control}; ${rest}`, style ?? 'yellow'];
}

/** `pinned to 4 until 20:15`, `paused until resumed`, `lowering paused until 24 Nov 06:00`; null: neither. */
function tellControl({ pause, pin }: StatusService, { at }: StatusReport): string | null {
  const end = ({ until }: StatusEnd, by: string): string =>
    `until ${until === null ? by : formatMoment(Date.parse(until), Date.parse(at))}`;
  const parts: string[] = [];
  if (pause) {
    const { up, down } = pause;
    if (up !== null && up.until === down?.until) parts.push(`paused ${end(up, 'resumed')}`);
    else {
      if (up !== null) parts.push(`raising paused ${end(up, 'resumed')}`);
      if (down !== null) parts.push(`lowering paused ${end(down, 'resumed')}`);
    }
  }
  if (pin) parts.push(`pinned to ${pin.workers} ${end(pin, 'unpinned')}`);
  return parts.length === 0 ? null : parts.join(', ');
}

function tellProgress(service: StatusService, report: StatusReport, { unicode }: Screen): Now {
  const { in_progress: pending, hold, streak, workers, running } = service;
  if (pending !== null) {
    const age = formatAge(Date.parse(report.at) - Date.parse(pending.since));
    const how = pending.undoing ? ', being rolled back' : NEXT[pending.next ?? 'unknown'];
    const what = pending.draining ? 'waiting for running tasks' : 'in progress';
    return [`${pending.from} → ${pending.to}: ${what} for ${age}${how}`, 'yellow'];
  }
  const isDown = service.active !== null && !['active', 'reloading'].includes(service.active);
  if (isDown) return [`the service is ${service.active}`, 'red'];
  if (report.last_sample === null) return ['nothing recorded yet', 'dim'];
  if (service.unseen) return ['new: the next run looks at it', 'dim'];
  const missing = service.metrics.filter(({ error }) => error !== null);
  if (service.action !== 'none') return tellAction(service);
  const drift = service.drift ? `${running} running, ${workers} declared; ` : '';
  if (hold === 'duration' && streak !== null) {
    const bar = renderBar(streak.held_s / streak.needed_s, BAR_COLUMNS, unicode);
    const held = formatDuration(streak.held_s * 1000);
    const needed = formatDuration(streak.needed_s * 1000);
    return [`${drift}${bar} ${held} of ${needed} → ${streak.workers}`, 'cyan'];
  }
  if (hold !== null && hold !== 'duration')
    return [`${drift}${service.hold_reason ?? HOLD_NAMES[hold] ?? hold}`, 'yellow'];
  if (missing.length > 0) {
    const told = missing.map(
      ({ metric, error }) => `${metricOf(metric).label} unknown: ${error?.text}`,
    );
    return [`${drift}${told.join('; ')}`, 'yellow'];
  }
  // a duration without a streak: all that there is so far is a first look
  if (hold === 'duration') return [`${drift}it counts from the next run on`, 'dim'];
  return drift === '' ? ['', null] : [`${drift}steady`, 'yellow'];
}

/** Besides what goes on: why there is a `?` for the running workers. */
function tellUncounted({ active, running_error: error }: StatusService, now: Now): Now {
  if (error === null || active === 'inactive' || active === 'failed') return now;
  const [text, style] = now;
  const why = `running workers unknown: ${error.text}`;
  return [text === '' ? why : `${text}; ${why}`, style];
}

function tellAction({ to, last_change: change, reason }: StatusService): [string, Style] {
  if (change === null || change.to !== to) return [`→ ${to}: ${reason}`, 'green'];
  return change.result === 'applied'
    ? [`→ ${to} done: ${change.reason}`, 'green']
    : [`→ ${to} ${change.result}: ${change.reason}`, 'red'];
}
