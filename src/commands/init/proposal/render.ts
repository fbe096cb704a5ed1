import { kindNamed } from '../../../kinds/registry.ts';
import { formatCount, formatMemory } from '../../../model/wording.ts';
import { cleanText } from '../../../model/clean-text.ts';
import type { Candidate } from '../../../kinds/shared/proposal.ts';
import type { Host, Proposal } from './types.ts';

/** The config as text, each project with what was found. The broker's URL is in it, and so may a secret be. */
export function renderConfig(proposals: readonly Proposal[], host: Host): string {
  const projects = proposals
    .map((proposal) =>
      renderProject(proposal)
        .map((line) => `    ${line}`)
        .join('\n'),
    )
    .join(',\n');
  return `// Written by "autoscaler init": ${formatCount(host.cores, 'processor')}, ${formatMemory(host.totalMb)} of memory.
// Check it:            sudo autoscaler check
// What would be done:  sudo autoscaler run --dry-run
{
  "projects": {
${projects}
  },
  "global": {
    "log_file": "/var/log/autoscaler.log"
  }
}
`;
}

/** A project as lines of the config, none of them indented but within its braces; no comma behind the last. */
export function renderProject(proposal: Proposal): string[] {
  const { project, candidate, enabled, minWorkers, maxWorkers, reasons, apply } = proposal;
  const { broker, queues, obstacle, service, kind } = candidate;
  const { lacksBroker } = kindNamed(kind).proposals;
  const { metrics, queueMetric, minutes, maxStep, adaptive = false } = reasons;
  const goesByQueue = metrics.some(({ key }) => key === 'queue_thresholds');
  const inner = [
    `"enabled": ${enabled},`,
    `"service_name": ${JSON.stringify(service)},`,
    `// ${describeLeast(proposal)}`,
    `"min_workers": ${minWorkers}, "max_workers": ${maxWorkers},`,
    ...(lacksBroker(candidate)
      ? ['// no broker was found: add "broker_url" and "queue_thresholds" to scale by the queue']
      : []),
    ...metrics.flatMap(({ key, thresholds, why }) => [
      `// ${why}`,
      `"${key}": ${JSON.stringify(thresholds)},`,
    ]),
    ...(queueMetric === undefined ? [] : [`"queue_metric": "${queueMetric}",`]),
    ...(minutes === undefined ? [] : [`"${minutes.key}": ${JSON.stringify(minutes.minutes)},`]),
    ...(goesByQueue
      ? [`"broker_url": ${JSON.stringify(broker)},`, `"queues": ${JSON.stringify(queues)},`]
      : []),
    `"max_step": ${JSON.stringify(maxStep)},`,
    ...(adaptive
      ? [
          '// a lowering that had to be reversed makes the next one wait longer',
          '"adaptive_scale_down": true,',
        ]
      : []),
    `// MB that must remain available after a change`,
    `"memory_threshold_mb": ${proposal.memoryThresholdMb},`,
    ...(obstacle === null
      ? []
      : [`// cannot be changed without a restart: ${cleanText(obstacle)}`]),
    `"apply": ${JSON.stringify(apply)}`,
  ];
  return [
    `// ${describeCandidate(candidate)}`,
    `${JSON.stringify(project)}: {`,
    ...inner.map((line) => `  ${line}`),
    '}',
  ];
}

/** `Gunicorn (sync), 3 workers now, 54 MB each, on 127.0.0.1:8000`. */
function describeCandidate({ kind, workerClass, workers, workerMb, bind }: Candidate): string {
  const isShown = workerClass !== null && workerClass !== 'unknown';
  return [
    `${kindNamed(kind).words.label}${isShown ? ` (${workerClass})` : ''}`,
    `${formatCount(workers, 'worker')} now`,
    ...(workerMb === null ? [] : [`${formatMemory(workerMb)} each`]),
    ...(bind === null ? [] : [`on ${cleanText(bind)}`]),
  ].join(', ');
}

function describeLeast({ candidate: { kind, workers }, minWorkers }: Proposal): string {
  const why = minWorkers > workers ? kindNamed(kind).proposals.whyLeast : null;
  return why?.config ?? 'never fewer than are running now';
}
