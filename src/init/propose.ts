import type { Candidate, Host, Proposal } from './types.ts';

/** Where a few workers need more, and where all that may be are needed, in percent of the host's CPU. */
const BUSY_PERCENT = 60;
const FULL_PERCENT = 80;
/** Who uses so many percent of the busy CPU keeps the host busy, however few others there are. */
const MOST_SHARE = 10;
/** The share of the host's memory that stays free. */
const FREE_SHARE = 0.1;

/**
 * Limits and thresholds for each service of this host. The present number is always within the limits, so that
 * the first run changes nothing; what memory allows is shared out evenly.
 */
export function propose(candidates: readonly Candidate[], host: Host): Proposal[] {
  const memoryThresholdMb = Math.max(128, Math.round((host.totalMb * FREE_SHARE) / 64) * 64);
  const shareMb =
    Math.max(0, host.availableMb - memoryThresholdMb) / Math.max(1, candidates.length);
  // half of what each would use if all were equally busy: alone on the host nobody has to be told apart
  const ownShare =
    candidates.length < 2
      ? null
      : Math.max(1, Math.min(MOST_SHARE, Math.floor(50 / candidates.length)));
  const projects = nameProjects(candidates.map(({ service }) => service));
  return candidates.map((candidate, index) => {
    const { workers, workerMb, kind, broker, obstacle } = candidate;
    const byCores = kind === 'gunicorn' ? 2 * host.cores + 1 : 2 * host.cores;
    const byMemory = workerMb === null ? byCores : workers + Math.floor(shareMb / workerMb);
    const minWorkers = Math.max(1, Math.floor(workers / 2));
    const maxWorkers = Math.max(workers, minWorkers + 1, Math.min(byCores, byMemory));
    const metric = kind === 'celery' && broker !== null ? 'queue' : 'cpu';
    return {
      project: projects[index] ?? candidate.service,
      ...{ candidate, enabled: false, minWorkers, maxWorkers, metric, memoryThresholdMb },
      ownShare: metric === 'cpu' && candidate.hasCpu ? ownShare : null,
      thresholds: proposeThresholds(metric, minWorkers, maxWorkers),
      apply: obstacle === null ? 'live' : 'restart',
    };
  });
}

/**
 * Half way and all the way up; down to the least, one worker at a time (`max_step`): the load of those that
 * stay is then never above what leads up again, of the fewest workers too.
 */
function proposeThresholds(
  metric: Proposal['metric'],
  min: number,
  max: number,
): Record<string, number> {
  const middle = Math.ceil((min + max) / 2);
  const down = metric === 'queue' ? 2 : Math.min(40, Math.floor((BUSY_PERCENT * min) / (min + 1)));
  const [first, last] = metric === 'queue' ? [10, 50] : [BUSY_PERCENT, FULL_PERCENT];
  const up =
    middle === max
      ? { [`scale_up_${max}`]: first }
      : { [`scale_up_${middle}`]: first, [`scale_up_${max}`]: last };
  return { ...up, [`scale_down_${min}`]: down };
}

/** The unit without its suffix; the whole name where two would be the same, or where JSON has no such key. */
function nameProjects(services: string[]): string[] {
  const short = services.map((service) => service.replace(/\.service$/, '').replace(/^-+/, ''));
  return short.map((name, index) =>
    name !== '' && name !== '__proto__' && short.indexOf(name) === short.lastIndexOf(name)
      ? name
      : services[index]!,
  );
}
