import { findProject } from '../../config/policy/find-project.ts';
import type { Config } from '../../config/schema/schema.ts';
import type { Controls, StoredPause } from '../../model/control-types.ts';
import { EXIT, UserError } from '../../errors.ts';
import { describeEnd } from '../../output/control-words.ts';
import { changeControls, endAfter, type ControlOptions } from './change-controls.ts';

export interface PauseOptions extends ControlOptions {
  /** missing: all projects */
  project?: string | undefined;
  /** missing: both directions */
  only?: 'up' | 'down';
}

const WHAT = { both: 'paused', up: 'raising is paused', down: 'lowering is paused' } as const;

/** `pause`: no change is made until an end or until `resume`; what is measured and remembered goes on. */
export function pauseCommand(options: PauseOptions): Promise<number> {
  return changeControls(options, (now, controls, config) => {
    const project = nameOf(options.project, config);
    const only = options.only ?? null;
    const pause: StoredPause = { project, only, ...endAfter(now, options.for) };
    const kept = controls.pauses.filter((each) => !isReplaced(each, pause));
    const end = describeEnd(pause, `autoscaler resume${project === null ? '' : ` ${project}`}`);
    const about =
      only === null
        ? 'nothing is changed, not even to enforce min_workers and max_workers'
        : `the other direction continues`;
    return {
      event: 'pause',
      controls: { ...controls, pauses: [...kept, pause] },
      sentences: [`${project ?? 'all projects'}: ${WHAT[only ?? 'both']} ${end}; ${about}`],
    };
  });
}

/** `resume`: ends the pauses of a project, or all pauses. @throws UserError failed where the project stays paused with all */
export function resumeCommand(options: PauseOptions): Promise<number> {
  return changeControls(options, (_, controls, config) => {
    const project = nameOf(options.project, config);
    const kept = controls.pauses.filter((each) => project !== null && each.project !== project);
    if (project !== null && kept.some((each) => each.project === null)) {
      throw new UserError(
        EXIT.failed,
        `${project}: all projects are paused, this one included`,
        'autoscaler resume ends all pauses; autoscaler pause PROJECT pauses one alone.',
      );
    }
    const ended = controls.pauses.filter((each) => !kept.includes(each));
    const names = [...new Set(ended.map((each) => each.project ?? 'all projects'))];
    const sentences = names.map((name) => `${name}: resumed`);
    return {
      event: 'resume',
      controls: { ...controls, pauses: kept },
      sentences: [
        ...(names.length === 0 ? [`${project ?? 'all projects'}: not paused`] : sentences),
        ...describePins(controls, project),
      ],
    };
  });
}

/** A pause of the same projects and of this direction, or of both where this is one of one direction. */
function isReplaced(old: StoredPause, by: StoredPause): boolean {
  if (old.project !== by.project) return false;
  return by.only === null || old.only === null || old.only === by.only;
}

function describePins({ pins }: Controls, project: string | null): string[] {
  return pins
    .filter((pin) => project === null || pin.project === project)
    .map(
      (pin) => `${pin.service} stays pinned to ${pin.workers} (autoscaler unpin ${pin.service})`,
    );
}

function nameOf(written: string | undefined, config: Config): string | null {
  return written === undefined ? null : findProject(written, config).name;
}
