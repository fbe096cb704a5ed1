import { kindNamed } from '../../kinds/registry.ts';
import { formatCount, formatMemory } from '../../model/wording.ts';
import { maskUrl } from '../../config/file/mask.ts';
import { cleanStrings } from '../../output/clean.ts';
import type { Candidate } from '../../kinds/shared/proposal.ts';
import type { Host, Proposal, Unusable } from './proposal/types.ts';

/** What was found, for people: a few short lines a service, so that they fit a narrow terminal. */
export function renderScan(
  scan: { seen: number; unusable: readonly Unusable[] },
  proposed: readonly Proposal[],
  { cores, totalMb, availableMb }: Host,
): string {
  const { seen, unusable } = { seen: scan.seen, unusable: cleanStrings(scan.unusable) };
  const proposals = cleanStrings(proposed);
  const host = `${formatCount(cores, 'processor')}, ${formatMemory(totalMb)} of memory, ${formatMemory(availableMb)} available`;
  const found = proposals.map(
    (proposal) =>
      `${proposal.candidate.service}: ${describe(proposal.candidate)}\n  → ${describeProposal(proposal)}\n`,
  );
  const refused = unusable.map(({ service, why, hint }) => `${service}: ${why}\n  → ${hint}\n`);
  return [
    `${host}\n${formatCount(seen, 'service')} looked at, ${proposals.length} can be scaled\n\n`,
    ...found,
    ...(refused.length > 0 ? [`\nCannot be used:\n`, ...refused] : []),
  ].join('');
}

function describe(candidate: Candidate): string {
  const { kind, workers, workerMb, bind, broker } = candidate;
  const { words, proposals } = kindNamed(kind);
  const where = bind ?? (broker === null ? null : maskUrl(broker));
  return [
    words.label,
    formatCount(workers, 'worker'),
    ...(workerMb === null ? [] : [`${formatMemory(workerMb)} each`]),
    ...(where === null ? [] : [where]),
    ...(proposals.lacksBroker(candidate) ? ['its broker is unknown'] : []),
  ].join(', ');
}

function describeProposal({ candidate, minWorkers, maxWorkers, reasons }: Proposal): string {
  const { queues, obstacle, workers } = candidate;
  const isByQueue = reasons.metrics.some(({ key }) => key === 'queue_thresholds');
  const by = isByQueue ? `${reasons.by} ${queues.join(', ')}` : reasons.by;
  const how = obstacle === null ? 'without a restart' : `by a restart (${obstacle})`;
  const why = minWorkers > workers ? kindNamed(candidate.kind).proposals.whyLeast : null;
  const first = why === null ? '' : `; the first run goes to ${minWorkers}, as ${why.report}`;
  return `${minWorkers} to ${formatCount(maxWorkers, 'worker')}, ${by}, ${how}${first}`;
}
