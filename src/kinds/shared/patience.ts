import type { KindDeps } from '../ports.ts';
import { EXIT, UserError } from '../../errors.ts';
import { watchComputing } from './computing.ts';
import { readUnit } from './unit.ts';

/** Whether a service is waited for longer, or that is left to the next run. */
export type Patience = () => 'wait' | 'leave';

/**
 * How long a change waits for its service from now on, besides the limits of its own. A run that was asked to end takes
 * back what does not serve soon, and leaves to the next one what does not come back soon, both counted from that moment,
 * whatever a change still goes through; one that only waits for slow services leaves them as they are. `isUndoing`: the
 * change is on its way back, which gets more time.
 *
 * What is answered throws a UserError where the change is to be taken back.
 */
export function startPatience(isUndoing: boolean, deps: KindDeps): Patience {
  const { hurryMs } = deps.timing;
  const beginMs = deps.monotonicMs();
  return () => {
    const nowMs = deps.monotonicMs();
    const askedMs = deps.interruptedMs();
    if (deps.mayLeave() && nowMs - beginMs >= (isUndoing ? 2 : 1) * hurryMs) return 'leave';
    if (askedMs === null || nowMs - askedMs < (isUndoing ? 3 : 1) * hurryMs) return 'wait';
    if (isUndoing) return 'leave';
    throw new UserError(EXIT.failed, 'this run was asked to stop before the service served');
  };
}

/**
 * Waits for what systemd does with a service as long as `patience` lasts. What is left goes on by itself; nobody hears of
 * its end.
 */
export async function untilDone(
  service: string,
  work: Promise<void>,
  patience: Patience,
  deps: KindDeps,
): Promise<'done' | 'waiting'> {
  const isComputing = watchComputing(deps);
  const beginMs = deps.monotonicMs();
  const done = work.then(() => 'done' as const);
  // one that fails after it was left
  done.catch(() => undefined);
  for (;;) {
    const first = await Promise.race([done, deps.sleep(deps.timing.slowPollMs)]);
    if (first === 'done') return first;
    if (patience() === 'leave') return 'waiting';
    deps.waitsFor(service, 'systemd has not started it yet', beginMs);
    // that systemd does not answer now is for those to tell who need its answer
    const unit = await readUnit(service, deps).catch(() => null);
    if (unit !== null && isComputing(unit)) deps.getsOn();
  }
}
