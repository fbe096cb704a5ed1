import { cleanText } from '../model/clean-text.ts';
import type { Host, Proposal } from './types.ts';

/** The config as text, each project with what was found. The broker's URL is in it, and so may a secret be. */
export function renderConfig(proposals: readonly Proposal[], host: Host): string {
  const projects = proposals.map(renderProject).join(',\n');
  return `// Written by "autoscaler init": ${host.cores} processors, ${Math.round(host.totalMb)} MB of memory.
// Check it:            sudo autoscaler check
// What would be done:  sudo autoscaler run --dry-run
{
  "projects": {
${projects}
  },
  "global": {
    // must be what the timer has: OnUnitActiveSec
    "check_interval_seconds": 120,
    "log_file": "/var/log/autoscaler.log"
  }
}
`;
}

function renderProject(proposal: Proposal): string {
  const { project, candidate, enabled, minWorkers, maxWorkers, metric, ownShare, apply } = proposal;
  const { kind, workers, workerMb, bind, broker, obstacle, service } = candidate;
  const holds = workerMb === null ? '' : `, ${Math.round(workerMb)} MB each`;
  const at = bind === null ? '' : `, on ${cleanText(bind)}`;
  const queues =
    metric === 'queue'
      ? [
          `// tasks that wait: above the first for 2 minutes more workers, below the last for 10 fewer`,
          `"queue_thresholds": ${JSON.stringify(proposal.thresholds)},`,
          `"broker_url": ${JSON.stringify(broker)},`,
          `"queues": ${JSON.stringify(candidate.queues)},`,
        ]
      : [
          ...(kind === 'celery'
            ? [
                '// no broker was found: add "broker_url" and "queue_thresholds" to scale by the queue',
              ]
            : []),
          `// percent of the host's CPU: above for 2 minutes more workers, below for 10 fewer`,
          `"cpu_thresholds": ${JSON.stringify(proposal.thresholds)},`,
          ...(ownShare === null
            ? []
            : [
                '// percent of the busy CPU that it must have used itself, so that idle projects stay as they are',
                `"min_own_cpu_share": ${ownShare},`,
              ]),
        ];
  const lines = [
    `// ${kind === 'gunicorn' ? 'Gunicorn' : 'Celery'}, ${workers} ${workers === 1 ? 'worker' : 'workers'} now${holds}${at}`,
    `${JSON.stringify(project)}: {`,
    `  "enabled": ${enabled},`,
    `  "service_name": ${JSON.stringify(service)},`,
    `  "min_workers": ${minWorkers}, "max_workers": ${maxWorkers},`,
    ...queues.map((line) => `  ${line}`),
    `  "max_step": { "scale_down": 1 },`,
    `  // MB that must remain available after a change`,
    `  "memory_threshold_mb": ${proposal.memoryThresholdMb},`,
    ...(obstacle === null
      ? []
      : [`  // cannot be changed without a restart: ${cleanText(obstacle)}`]),
    `  "apply": ${JSON.stringify(apply)}`,
    '}',
  ];
  return lines.map((line) => `    ${line}`).join('\n');
}
