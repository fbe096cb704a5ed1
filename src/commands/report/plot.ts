import { fillBuckets, type Point } from '../../output/buckets.ts';
import { escapeHtml } from './html.ts';
import { findTimeTicks, roundUp } from './ticks.ts';

/** A line across a plot. */
export interface Mark {
  value: number;
  label: string;
  direction: 'up' | 'down' | 'limit';
}

/** A moment that is marked, by its number in the list below the plot. */
export interface Flag {
  atMs: number;
  number: number;
  failed: boolean;
}

export interface Plot {
  title: string;
  unit: string;
  points: readonly Point[];
  fromMs: number;
  toMs: number;
  /** the upper end of the axis; null: by the values */
  most: number | null;
  marks: readonly Mark[];
  flags: readonly Flag[];
  /** a count, which stays what it is until it changes */
  steps: boolean;
}

/** The most parts of the time that have a value of their own: more than a screen shows, few enough for a week of 50 projects. */
const PARTS = 360;
const HEIGHT = 100;
const WIDTH = 1000;
/** The height of a label, in percent of that of the plot. */
const LABEL_SHARE = 10.5;
/** Flags nearer to one another than this share have no number. */
const FLAG_SHARE = 0.02;

/**
 * A plot as HTML: an SVG that is stretched to its place, and texts beside it that are not. Each part of the time is
 * drawn with its mean, and with all that lies between its least and its most.
 */
export function renderPlot(plot: Plot): string {
  const { fromMs, toMs, points, marks } = plot;
  const span = Math.max(1, toMs - fromMs);
  const values = points.map(({ value }) => value);
  const highest = values.reduce((most, value) => Math.max(most, value), 0);
  const marked = marks.reduce((most, { value }) => Math.max(most, value), 0);
  const most = plot.most ?? roundUp(Math.max(highest, marked));
  const y = (value: number): string => trim(HEIGHT - Math.min(1, value / most) * HEIGHT);
  const x = (atMs: number): string => trim(((atMs - fromMs) / span) * WIDTH);
  const last = values.at(-1);
  const now = last === undefined ? 'no values' : `${round(last)}${plot.unit}`;
  const lines = marks.map(
    ({ value, direction }) =>
      `<line class="mark ${direction}" x1="0" x2="${WIDTH}" y1="${y(value)}" y2="${y(value)}"/>`,
  );
  const flags = plot.flags.map(
    ({ atMs, failed }) =>
      `<line class="flag${failed ? ' failed' : ''}" x1="${x(atMs)}" x2="${x(atMs)}" y1="0" y2="${HEIGHT}"/>`,
  );
  const body = plot.steps ? drawSteps(points, plot, x, y) : drawParts(plot, y);
  const summary = `${plot.title}: ${values.length === 0 ? 'no values' : `up to ${round(highest)}${plot.unit}, last ${now}`}`;
  return `<figure class="plot"><figcaption>${escapeHtml(plot.title)} <b>${escapeHtml(now)}</b></figcaption>
<div class="area"><div class="y"><span>${round(most)}${escapeHtml(plot.unit)}</span><span>0</span></div>
<div class="canvas"><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${escapeHtml(summary)}">${lines.join('')}${flags.join('')}${body}</svg>${labelMarks(marks, most)}${labelFlags(plot, span)}</div>
<div class="x">${labelTimes(fromMs, toMs)}</div></div></figure>`;
}

function drawParts({ points, fromMs, toMs }: Plot, y: (value: number) => string): string {
  const parts = fillBuckets(points, fromMs, toMs, PARTS);
  // two samples may be further apart than a part is long: only where more is missing is there a gap
  const reach = Math.max(
    1,
    Math.ceil((largestUsualGap(points) / Math.max(1, toMs - fromMs)) * PARTS),
  );
  let line = '';
  let band = '';
  let before = -Infinity;
  let run: { x: string; least: string; most: string }[] = [];
  const endRun = (): void => {
    if (run.some(({ least, most }) => least !== most)) {
      const there = run.map(({ x, most }) => `${x} ${most}`).join('L');
      const back = run
        .toReversed()
        .map(({ x, least }) => `${x} ${least}`)
        .join('L');
      band += `M${there}L${back}Z`;
    }
    run = [];
  };
  parts.forEach((part, index) => {
    if (part === null) return;
    const x = trim(((index + 0.5) / PARTS) * WIDTH);
    const joined = index - before <= reach;
    if (!joined) endRun();
    // a line of no length at all is drawn as a dot, by its round ends
    line += joined ? `L${x} ${y(part.mean)}` : `M${x} ${y(part.mean)}h0`;
    run.push({ x, least: y(part.least), most: y(part.most) });
    before = index;
  });
  endRun();
  return `<path class="band" d="${band}"/><path class="line" d="${line}"/>`;
}

/** Only where the count changes, or was not known for long, is there anything to draw. */
function drawSteps(
  points: readonly Point[],
  { toMs }: Plot,
  x: (atMs: number) => string,
  y: (value: number) => string,
): string {
  const gapMs = largestUsualGap(points);
  let line = '';
  let before: Point | null = null;
  for (const point of points) {
    const isGap = before === null || point.atMs - before.atMs > gapMs;
    if (isGap) {
      if (before !== null) line += `H${x(before.atMs)}`;
      line += `M${x(point.atMs)} ${y(point.value)}h0`;
    } else if (before !== null && before.value !== point.value) {
      line += `H${x(point.atMs)}V${y(point.value)}`;
    }
    before = point;
  }
  if (before !== null) line += `H${x(Math.min(toMs, before.atMs))}`;
  return `<path class="line steps" d="${line}"/>`;
}

/** Two and a half times the usual distance of two samples, as in the decisions. */
function largestUsualGap(points: readonly Point[]): number {
  const gaps = points.slice(1).map(({ atMs }, index) => atMs - (points[index]?.atMs ?? atMs));
  gaps.sort((a, b) => a - b);
  return (gaps[Math.floor(gaps.length / 2)] ?? 0) * 2.5;
}

function labelMarks(marks: readonly Mark[], most: number): string {
  const places = marks.map(({ value }) => (1 - Math.min(1, value / most)) * 100);
  const tops = spread(places, LABEL_SHARE);
  return marks
    .map(
      ({ label, direction }, index) =>
        `<span class="label ${direction}" style="top:${trim(tops[index] ?? 0)}%">${escapeHtml(label)}</span>`,
    )
    .join('');
}

/**
 * Places from 0 to 100, moved as little as it takes for each two to be `gap` apart, or evenly where there is no room
 * for that. Their order stays.
 */
export function spread(places: readonly number[], gap: number): number[] {
  const apart = Math.min(gap, 100 / Math.max(1, places.length - 1));
  const order = places.map((_, index) => index).sort((a, b) => places[a]! - places[b]!);
  // runs of places that touch one another, each around the middle of what its places would have
  const runs: { indices: number[]; start: number }[] = [];
  for (const index of order) {
    let run = { indices: [index], start: places[index]! };
    for (let last = runs.at(-1); last !== undefined; last = runs.at(-1)) {
      if (last.start + last.indices.length * apart <= run.start) break;
      runs.pop();
      const indices = [...last.indices, ...run.indices];
      const wished = indices.map((each, at) => places[each]! - at * apart);
      const start = wished.reduce((sum, each) => sum + each, 0) / wished.length;
      run = { indices, start: Math.max(0, Math.min(start, 100 - (indices.length - 1) * apart)) };
    }
    runs.push(run);
  }
  const spreadOut = [...places];
  for (const { indices, start } of runs) {
    indices.forEach((index, at) => (spreadOut[index] = start + at * apart));
  }
  return spreadOut;
}

function labelFlags({ flags, fromMs }: Plot, span: number): string {
  let before = -Infinity;
  return flags
    .map(({ atMs, number, failed }) => {
      const share = (atMs - fromMs) / span;
      if (share - before < FLAG_SHARE) return '';
      before = share;
      return `<span class="number${failed ? ' failed' : ''}" style="left:${trim(share * 100)}%">${number}</span>`;
    })
    .join('');
}

function labelTimes(fromMs: number, toMs: number): string {
  return findTimeTicks(fromMs, toMs, 8)
    .map(({ share, label }, index) => {
      const minor = index % 2 === 1 ? ' class="minor"' : '';
      return `<span${minor} style="left:${trim(share * 100)}%">${escapeHtml(label)}</span>`;
    })
    .join('');
}

function trim(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function round(value: number): string {
  return String(Math.round(value * 10) / 10);
}
