import { maskUrl } from '../config/mask.ts';
import type { Candidate, Host, Proposal, Unusable } from '../init/types.ts';

/** What was found, for people: a few short lines a service, so that they fit a narrow terminal. */
export function renderScan(
  { seen, unusable }: { seen: number; unusable: readonly Unusable[] },
  proposals: readonly Proposal[],
  { cores, totalMb, availableMb }: Host,
): string {
  const host = `${cores} processors, ${Math.round(totalMb)} MB of memory, ${Math.round(availableMb)} MB available`;
  const found = proposals.map(({ candidate, minWorkers, maxWorkers }) =>
    [candidate.service, ...describe(candidate), `proposed: ${minWorkers} to ${maxWorkers} workers`]
      .join('\n  ')
      .concat('\n'),
  );
  const refused = unusable.map(({ service, why, hint }) => `${service}\n  ${why}\n  → ${hint}\n`);
  return [
    `${host}\n${seen} services looked at, ${proposals.length} can be scaled\n`,
    ...found,
    ...(refused.length > 0 ? [`Cannot be used:\n`, ...refused] : []),
  ].join('\n');
}

function describe({ kind, workers, workerMb, bind, broker, obstacle }: Candidate): string[] {
  const holds = workerMb === null ? '' : `, ${Math.round(workerMb)} MB each`;
  const brokerLine =
    broker === null ? 'broker: not found, add "broker_url"' : `broker: ${maskUrl(broker)}`;
  return [
    `${kind}, ${workers} workers${holds}`,
    ...(bind === null ? [] : [`on ${bind}`]),
    ...(kind === 'celery' ? [brokerLine] : []),
    obstacle === null ? 'apply: live' : `apply: restart (${obstacle})`,
  ];
}
