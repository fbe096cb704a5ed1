import { kindNamed } from '../../../kinds/registry.ts';
import type { Candidate } from '../../../kinds/shared/proposal.ts';
import type { Host, Proposal } from './types.ts';

/** The share of the host's memory that stays free, and between which numbers of MB that is. */
const FREE_SHARE = 0.1;
const LEAST_FREE_MB = 128;
const MOST_FREE_MB = 2048;

/**
 * Limits and thresholds for each service of this host. What runs now is the least, since nobody knows yet whether fewer
 * would do; what memory allows is shared out evenly.
 */
export function propose(
  candidates: readonly Candidate[],
  host: Host,
  taken: readonly string[] = [],
): Proposal[] {
  const { cores, totalMb, availableMb } = host;
  const freeMb = Math.round((totalMb * FREE_SHARE) / 64) * 64;
  const memoryThresholdMb = Math.min(MOST_FREE_MB, Math.max(LEAST_FREE_MB, freeMb));
  const shareMb = Math.max(0, availableMb - memoryThresholdMb) / Math.max(1, candidates.length);
  const projects = nameProjects(
    candidates.map(({ service }) => service),
    taken,
  );
  return candidates.map((candidate, index) => {
    const { workers, workerMb, kind, obstacle } = candidate;
    const { mostWorkers, leastWorkers, proposeReasons } = kindNamed(kind).proposals;
    const byCores = mostWorkers(cores);
    const byMemory = workerMb === null ? byCores : workers + Math.floor(shareMb / workerMb);
    const minWorkers = Math.max(workers, leastWorkers(candidate));
    const maxWorkers = Math.max(minWorkers + 1, Math.min(byCores, byMemory));
    return {
      project: projects[index] ?? candidate.service,
      ...{ candidate, enabled: false, minWorkers, maxWorkers, memoryThresholdMb },
      reasons: proposeReasons(candidate, { cores, min: minWorkers, max: maxWorkers }),
      apply: obstacle === null ? 'live' : 'restart',
    };
  });
}

/**
 * The unit without its suffix; the whole name where two would be the same, where JSON has no such key, or where it is
 * taken.
 */
function nameProjects(services: readonly string[], taken: readonly string[]): string[] {
  const short = services.map((service) => service.replace(/\.service$/, '').replace(/^-+/, ''));
  return short.map((name, index) => {
    const isOne = short.indexOf(name) === short.lastIndexOf(name) && !taken.includes(name);
    return name !== '' && name !== '__proto__' && isOne ? name : services[index]!;
  });
}
