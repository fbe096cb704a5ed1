import { formatCount, formatMemory } from '../../model/wording.ts';
import { formatAge } from '../../output/ages.ts';
import { renderBar } from '../../output/bars.ts';
import type { Screen } from '../../output/screen.ts';
import type { StatusReport, StatusTimer } from './types.ts';
import type { Output } from '../../output/terminal.ts';
import { fitText } from '../../output/text.ts';

type Painted = [text: string, style: Parameters<Output['paint']>[0] | null];

const BAR_COLUMNS = 20;

const TURN_ON = 'sudo systemctl enable --now autoscaler.timer';

/** The timer, the last sample, the host and the last day: a line each. */
export function renderHeading(report: StatusReport, screen: Screen, out: Output): string[] {
  const timer = describeTimer(report.timer, Date.parse(report.at));
  // whatever else there is to be done comes after a config of this host
  const lines = report.example
    ? [...describeExample(), ...timer.slice(0, 1)]
    : [
        ...timer,
        describeSample(report),
        ...describeHost(report, screen),
        ...describeDay(report, screen),
      ];
  return lines.map(([text, style]) => {
    const shown = fitText(text, screen.columns);
    return style === null ? shown : out.paint(style, shown);
  });
}

function describeExample(): Painted[] {
  return [
    ['config  this is the example, which does not describe this host', 'yellow'],
    ['        write one for this host: sudo autoscaler init', 'yellow'],
  ];
}

/** The timer in a line, and what to do where it is not on. */
export function describeTimer(timer: StatusTimer, nowMs: number): Painted[] {
  if (timer.state === 'unknown') return [[`timer   unknown: ${timer.error}`, 'yellow']];
  if (timer.state === 'not_installed') {
    return [['timer   not installed: there are no automatic runs', 'red']];
  }
  const last =
    timer.last_at === null
      ? `no run ${timer.running ? 'has finished ' : ''}since boot`
      : `last run ${formatAge(nowMs - Date.parse(timer.last_at))} ago`;
  const isFailed = timer.last_result !== null && timer.last_result !== 'success';
  const how = timer.last_result === null ? '' : isFailed ? ` (${describeFailure(timer)})` : ' (ok)';
  if (timer.state === 'off') {
    return [
      // what is only stopped comes back with the next boot
      [`timer   ${timer.enabled ? 'stopped' : 'off'}, ${last}${how}`, 'red'],
      [`        turn it on: ${TURN_ON}`, 'red'],
    ];
  }
  const next = timer.running
    ? 'a run is under way'
    : timer.next_at === null
      ? 'no next run is scheduled'
      : `next in ${formatAge(Date.parse(timer.next_at) - nowMs)}`;
  const text = `timer   on, ${last}${how}, ${next}`;
  const lines: Painted[] = [[text, isFailed ? 'red' : null]];
  if (!timer.enabled) lines.push([`        not started at boot: ${TURN_ON}`, 'yellow']);
  if (isFailed) lines.push(['        see why: journalctl -u autoscaler -n 20', 'red']);
  return lines;
}

function describeFailure({ last_result: result, last_exit_code: code }: StatusTimer): string {
  return result === 'exit-code' ? `failed with exit code ${code}` : `failed: ${result}`;
}

/** A sample older than two and a half intervals is an old one: runs are missing. */
function describeSample(report: StatusReport): Painted {
  const { last_sample: sample, check_interval_s: interval, timer, at } = report;
  if (sample === null && timer.state === 'on') {
    const next = timer.next_at === null ? null : Date.parse(timer.next_at) - Date.parse(at);
    const when = timer.running || next === null ? 'is under way' : `comes in ${formatAge(next)}`;
    return [`sample  nothing recorded yet: the first run ${when}`, null];
  }
  if (sample === null) {
    return ['sample  nothing recorded yet; make a first run: sudo autoscaler run', 'yellow'];
  }
  const age = `sample  ${formatAge(sample.age_s * 1000)} old`;
  if (!sample.this_boot) return [`${age}, from before the last boot`, 'yellow'];
  return sample.age_s > 2.5 * interval ? [`${age}: runs are missing`, 'yellow'] : [age, null];
}

function describeHost({ host }: StatusReport, { columns, unicode }: Screen): Painted[] {
  if (host === null) return [];
  const { cpu_percent: cpu, memory_available_mb: available, memory_total_mb: total } = host;
  const bar = (share: number): string =>
    columns < 60 ? '' : `  ${renderBar(share, BAR_COLUMNS, unicode)}`;
  const line = (label: string, text: string, share: number | null): Painted => [
    `${label.padEnd(8)}${share === null ? text : `${text.padEnd(28)}${bar(share)}`}`.trimEnd(),
    null,
  ];
  const isWhole = available !== null && typeof total === 'number' && total > 0;
  return [
    line('cpu', cpu === null ? '?' : `${cpu.toFixed(1)} %`, cpu === null ? null : cpu / 100),
    line(
      'memory',
      isWhole
        ? describeFree(available, total)
        : `${available === null ? '?' : formatMemory(available)} available`,
      isWhole ? 1 - available / total : null,
    ),
  ];
}

/** `3.4 of 7.8 GB free`: the unit once, where it is the same. */
function describeFree(availableMb: number, totalMb: number): string {
  const [free, total] = [formatMemory(availableMb), formatMemory(totalMb)];
  const unit = total.slice(-3);
  return `${free.endsWith(unit) ? free.slice(0, -3) : free} of ${total} free`;
}

/** Holds as they are read, by their names in JSON. */
export const HOLD_NAMES: Record<string, string> = {
  at_limit: 'at the limit',
  missing_metric: 'missing metric',
  failed_change: 'failed change',
  not_running: 'not running',
  own_cpu_share: 'own CPU share',
  tasks_running: 'running tasks',
  projection: 'projected load',
  in_progress: 'change in progress',
  no_live: 'would need a restart',
};

function describeDay({ last_day: day }: StatusReport, { columns }: Screen): Painted[] {
  if (day.runs === 0) return [];
  const held = Object.entries(day.held).map(([hold, n]) => `${HOLD_NAMES[hold] ?? hold} ${n}`);
  const { up, down, other, failed } = day.changes;
  const made = [`${up} up`, `${down} down`];
  if (other > 0) made.push(`${other} other`);
  if (failed > 0) made.push(`${failed} failed`);
  return [
    [`24 h    ${formatCount(day.runs, 'run')}, changes: ${made.join(', ')}`, null],
    ...joinParts('held back: ', held, columns).map((line): Painted => [line, null]),
  ];
}

/** Parts with commas between them, on as many lines as they need. */
function joinParts(label: string, parts: readonly string[], columns: number): string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const line = lines.at(-1);
    const longer = `${line}, ${part}`;
    if (line !== undefined && longer.length < columns) lines[lines.length - 1] = longer;
    else lines.push(`${line === undefined ? label : ' '.repeat(label.length)}${part}`);
  }
  return lines;
}
