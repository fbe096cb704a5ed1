import { formatCount } from '../../model/wording.ts';
import { toBrakePolicy } from '../../config/policy/brake-policy.ts';
import { readLimits } from '../../config/policy/limits-at.ts';
import { tellLimits } from '../../config/policy/limits.ts';
import type { Config, Project } from '../../config/schema/schema.ts';
import { applyMaxStep } from '../../decide/limits/brakes.ts';
import { EXIT, UserError } from '../../errors.ts';

/** A number of workers that is requested by hand. */
export interface Asked {
  project: string | null;
  workers: number;
  /** the project's limits do not count */
  force: boolean;
}

/** Holds what is asked for against the project's limits of now. @throws UserError usage */
export async function requireLimits(asked: Asked, config: Config): Promise<void> {
  const project = findAsked(asked, config);
  if (project === null) return;
  const limits = await readLimits(project, new Date());
  if (asked.workers >= limits.minWorkers && asked.workers <= limits.maxWorkers) return;
  throw new UserError(
    EXIT.usage,
    `${asked.project} may have ${tellLimits(limits)}, not ${asked.workers}`,
    'Choose a number in that range, change min_workers or max_workers in the config, or insist with --force.',
  );
}

/** Holds the way from the present count against the project's max_step. @throws UserError usage */
export async function requireStep(asked: Asked, from: number, config: Config): Promise<void> {
  const project = findAsked(asked, config);
  if (project === null || from === asked.workers) return;
  const { minWorkers, maxWorkers } = await readLimits(project, new Date());
  const at = { current: from, minWorkers, maxWorkers, intervalMs: 0 };
  const { workers: farthest } = applyMaxStep(asked.workers, at, toBrakePolicy(project));
  if (farthest === asked.workers) return;
  throw new UserError(
    EXIT.usage,
    `${asked.project} has ${formatCount(from, 'worker')} and may go to ${farthest} at once (max_step), not to ${asked.workers}`,
    'Go there in steps, change max_step in the config, or insist with --force.',
  );
}

function findAsked({ project, force }: Asked, config: Config): Project | null {
  return project === null || force ? null : (config.projects[project] ?? null);
}
