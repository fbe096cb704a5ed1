import { formatCount } from '../../model/wording.ts';
import { findProject } from '../../config/policy/find-project.ts';
import { listLimits } from '../../config/policy/limits.ts';
import type { Project } from '../../config/schema/schema.ts';
import { findPause } from '../../decide/limits/controls.ts';
import type { StoredPin } from '../../model/control-types.ts';
import { EXIT, UserError } from '../../errors.ts';
import { describeEnd } from '../../output/control-words.ts';
import { changeControls, endAfter, type ControlOptions } from './change-controls.ts';

export interface PinOptions extends ControlOptions {
  service: string;
  workers: number;
}

export interface UnpinOptions extends ControlOptions {
  /** missing: all */
  service?: string | undefined;
}

/** `pin`: from the next run on a service has exactly this number of workers, whatever the metrics say. */
export function pinCommand(options: PinOptions): Promise<number> {
  return changeControls(options, (now, controls, config) => {
    const { workers } = options;
    const { name, project } = findProject(options.service, config);
    requireLimits(name, project, workers);
    const { service_name: service } = project;
    const pin: StoredPin = { project: name, service, workers, ...endAfter(now, options.for) };
    const kept = controls.pins.filter((each) => each.project !== name);
    const sentences = [
      `${service}: pinned to ${workers} ${describeEnd(pin, `autoscaler unpin ${name}`)}; the next run applies it`,
    ];
    if (findPause(name, controls.pauses, now) !== null) {
      sentences.push(`${name} is paused, which takes precedence (autoscaler status)`);
    }
    if (!project.enabled)
      sentences.push(`${name} is disabled in the config: left alone until enabled`);
    return { event: 'pin', controls: { ...controls, pins: [...kept, pin] }, sentences };
  });
}

/** `unpin`: the metrics decide again, of one service or of all. */
export function unpinCommand(options: UnpinOptions): Promise<number> {
  return changeControls(options, (_, controls, config) => {
    const project = options.service === undefined ? null : projectOf(options.service);
    const kept = controls.pins.filter((pin) => project !== null && pin.project !== project);
    const ended = controls.pins.filter((pin) => !kept.includes(pin));
    const sentences = ended.map((pin) => `${pin.service}: no longer pinned to ${pin.workers}`);
    const none = project === null ? 'nothing is pinned' : `${project}: not pinned`;
    return {
      event: 'unpin',
      controls: { ...controls, pins: kept },
      sentences: sentences.length > 0 ? sentences : [none],
    };

    // a pin whose project has left the config since can be taken away too
    function projectOf(written: string): string {
      const own = controls.pins.find((pin) => pin.project === written || pin.service === written);
      return own?.project ?? findProject(written, config).name;
    }
  });
}

/** Within what one of its windows of time, or none, allows: in the others it comes as near as it may. */
function requireLimits(name: string, project: Project, n: number): void {
  const limits = listLimits(project);
  const min = Math.min(...limits.map(({ minWorkers }) => minWorkers));
  const max = Math.max(...limits.map(({ maxWorkers }) => maxWorkers));
  if (n >= min && n <= max) return;
  throw new UserError(
    EXIT.usage,
    `${name} may have ${min} to ${formatCount(max, 'worker')}, not ${n}`,
    'Choose a number in that range, or change min_workers or max_workers in the config.',
  );
}
