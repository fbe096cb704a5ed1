import type { Config, Project } from '../config/schema.ts';
import { toBrakePolicy } from '../config/brake-policy.ts';
import { applyMaxStep } from '../decide/brakes.ts';
import { EXIT, UserError } from '../errors.ts';

/** A number of workers that is asked for by hand. */
export interface Asked {
  project: string | null;
  workers: number;
  /** the project's limits do not count */
  force: boolean;
}

/** Holds what is asked for against the project's min_workers and max_workers. @throws UserError usage */
export function requireLimits(asked: Asked, config: Config): void {
  const limits = findLimits(asked, config);
  if (limits === null) return;
  const { min_workers: min, max_workers: max } = limits;
  if (asked.workers >= min && asked.workers <= max) return;
  throw new UserError(
    EXIT.usage,
    `${asked.project} may have ${min} to ${max} workers, not ${asked.workers}`,
    'Choose a number within, change min_workers or max_workers in the config, or insist with --force.',
  );
}

/** Holds the way from the present count against the project's max_step. @throws UserError usage */
export function requireStep(asked: Asked, from: number, config: Config): void {
  const limits = findLimits(asked, config);
  if (limits === null || from === asked.workers) return;
  const { min_workers: minWorkers, max_workers: maxWorkers } = limits;
  const at = { current: from, minWorkers, maxWorkers, intervalMs: 0 };
  const { workers: farthest } = applyMaxStep(asked.workers, at, toBrakePolicy(limits));
  if (farthest === asked.workers) return;
  throw new UserError(
    EXIT.usage,
    `${asked.project} has ${from} workers and may go to ${farthest} at once (max_step), not to ${asked.workers}`,
    'Go there in steps, change max_step in the config, or insist with --force.',
  );
}

function findLimits({ project, force }: Asked, config: Config): Project | null {
  return project === null || force ? null : (config.projects[project] ?? null);
}
