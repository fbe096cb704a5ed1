import { metricOf } from '../../metrics/registry.ts';
import { formatDuration, formatHeld, formatCount } from '../../model/wording.ts';
import { formatMetric } from '../../metrics/wording.ts';
import { formatAge, formatMoment } from '../../output/ages.ts';
import { cleanStrings } from '../../output/clean.ts';
import type { ExplainedMetric, ExplainedThreshold, Explanation } from './types.ts';
import { HOLD_NAMES } from '../status/heading.ts';
import { renderTable } from '../../output/table.ts';

const LIMIT_NAMES = {
  min_max: 'min, max',
  failed_change: 'failed',
  paused: 'paused',
  own_cpu_share: 'own CPU share',
  cooldown: 'cooldown',
  max_step: 'step',
  running_tasks: 'running tasks',
  projection: 'projection',
  memory: 'memory',
} as const;

/** The last decision with all that it depends on, and what would follow, for people. */
export function renderExplanation(explanation: Explanation): string {
  const of = cleanStrings(explanation);
  if (!of.enabled) return `${of.project}: disabled in the config, left alone\n`;
  const count = `${of.workers ?? '?'} declared, ${of.running ?? '?'} running`;
  const age = formatAge((of.age_s ?? 0) * 1000);
  const parts = [
    `${of.project} (${of.service}), as of ${age} ago: ${count}\n`,
    ...of.metrics.map(renderMetric),
    renderTable(
      ['LIMIT', '', 'ALLOWS'],
      of.limits.map(({ limit, acted, text }) => [LIMIT_NAMES[limit], acted ? 'acts' : '', text]),
    ),
    `Decision: ${of.reason ?? ''}${of.hold === null ? '' : ` (held back: ${HOLD_NAMES[of.hold] ?? of.hold})`}\n${tellSince(of)}`,
    `${tellNext(of)}\n`,
  ];
  return parts.join('\n');
}

function renderMetric({
  metric,
  value,
  error,
  first_look: isFirst,
  thresholds,
}: ExplainedMetric): string {
  const { label } = metricOf(metric);
  const head =
    value === null
      ? `${label} unknown: ${error?.text ?? ''}; nothing is lowered until it is known`
      : `${label} ${formatMetric(metric, value)}${isFirst ? ' (measured over half a second only: it counts from the next run on)' : ''}`;
  const rows = thresholds.map((each) => [
    `  ${each.direction}`,
    `${each.direction === 'up' ? '>' : '<'} ${formatMetric(metric, each.threshold)}`,
    `→ ${each.workers}`,
    isFirst ? 'not counted yet' : tellThreshold(each),
  ]);
  return `${head}\n${rows.length === 0 ? '' : renderTable(['  WAY', 'AT', 'WORKERS', 'HELD'], rows)}`;
}

function tellThreshold(of: ExplainedThreshold): string {
  if (!of.crossed) return 'not crossed';
  const held = formatHeld(of.held_s * 1000);
  const needed = formatDuration(of.needed_s * 1000);
  if (of.reached) return `reached: ${held} of ${needed}`;
  return `${held} of ${needed}, ${formatDuration((of.needed_s - of.held_s) * 1000)} more`;
}

function tellSince({ since, at }: Explanation): string {
  return since
    .map(({ at: when, action, from, to, result, reason }) => {
      const moment = formatMoment(Date.parse(when), Date.parse(at));
      return `Then:     ${moment} ${action} ${from} → ${to}, ${result}: ${reason}\n`;
    })
    .join('');
}

/** `If cpu stays at 83.4 %: 3 workers in 2 m (at 04:12)`. */
function tellNext({ metrics, next, at, horizon_s: horizon, timer_on: on }: Explanation): string {
  const values = metrics.map(({ metric, value, first_look: isFirst }) => {
    const { label } = metricOf(metric);
    if (isFirst) return `${label} does not count`;
    return value === null
      ? `${label} stays unknown`
      : `${label} stays at ${formatMetric(metric, value)}`;
  });
  const given = values.length === 0 ? 'If nothing changes' : `If ${values.join(' and ')}`;
  if (next === null) return `${given}: no change within ${formatDuration(horizon * 1000)}`;
  const workers = formatCount(next.to ?? 0, 'worker');
  const moment = formatMoment(Date.parse(next.at), Date.parse(at));
  const when =
    next.in_s > 0 ? `in ${formatAge(next.in_s * 1000)} (at ${moment})` : 'at the next run';
  const off = on === false ? '\n  (the timer is off: there are no automatic runs)' : '';
  return `${given}: ${workers} ${when}\n  ${next.reason}${off}`;
}
