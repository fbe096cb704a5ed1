import { EXIT, UserError } from '../errors.ts';
import { toUserError } from '../host/fault.ts';
import type { UnitState } from '../model/unit-state.ts';
import type { Change } from './journal/checkpoint.ts';
import type { Follower } from './journal/manifest.ts';
import type { Patience } from '../kinds/shared/patience.ts';
import type { ActDeps } from './ports.ts';
import { isRunning } from '../model/unit-state.ts';

/** How often one is started by us: the service may bounce once, and take it along. */
const MOST_STARTS = 2;

/**
 * The units that systemd stops or restarts with a service (`BindsTo=`, `PartOf=`, `Requires=`, `Requisite=`,
 * `StopPropagatedFrom=`, at any distance) and that are active now, or on their way to it; sorted by name.
 *
 * @throws UserError where the target does not answer
 */
export async function readFollowers(
  service: string,
  deps: { target: Pick<ActDeps['target'], 'readConcerned' | 'readStates'> },
): Promise<Follower[]> {
  const touched = (await deps.target.readConcerned([service])).get(service)?.touches ?? new Set();
  const units = await deps.target.readStates([service, ...touched]);
  const own = units.get(service)?.id ?? service;
  const names = new Map<string, Follower>();
  for (const name of touched) {
    const unit = units.get(name);
    if (unit === undefined || unit.id === own || !isRunning(unit)) continue;
    names.set(unit.id, { unit: unit.id, starting: unit.activeState === 'activating' });
  }
  return [...names.values()].sort((a, b) => (a.unit < b.unit ? -1 : 1));
}

/** `ok`: those that were started by us; `wrong`: what is not as it was, as a sentence; `left`: not waited for any longer. */
export type FollowersVerdict = { ok: string[] } | { wrong: string } | 'left';

/** The units that were active with a service before a change of it. */
export interface Followers {
  /** starts those that are down, and does not wait */
  start: () => Promise<void>;
  /** whether all are active again, and stay so for `settleMs` (counted from `start`) */
  prove: (patience: Patience) => Promise<FollowersVerdict>;
}

/**
 * Sees to it that what was active with a service before it was restarted is active afterwards. systemd restarts such units
 * itself where it restarts the service, but not where the service has ended by itself, as a Celery worker does that finishes
 * its tasks, or one that fails; there it only stops them. What was inactive before stays so.
 */
export function tendFollowers(change: Change, deps: ActDeps): Followers {
  const { followers = [], before, resize, service } = change.manifest;
  const starts = new Map<string, number>();
  const refusals = new Map<string, string>();
  let sinceMs = deps.monotonicMs();
  let key: string | null = null;

  /** Those that are not as they were; notes when any of them was last seen to change. */
  const look = async (): Promise<UnitState[]> => {
    if (followers.length === 0) return [];
    const isLaterBoot = before.boot !== deps.bootId();
    const units = await deps.target.readStates([service, ...followers.map(({ unit }) => unit)]);
    const isSame = !isLaterBoot && units.get(service)?.mainStartUs === before.main_start_us;
    if (resize !== 'restart' && isSame) return [];
    // a boot starts what is enabled, but not with a service that does not come up
    const states = followers
      .map((follower) => ({ follower, unit: units.get(follower.unit) }))
      .filter(({ unit }) => !isLaterBoot || unit?.unitFileState === 'enabled');
    const now = states.map(({ unit }) => (unit === undefined ? '' : identify(unit))).join();
    if (now !== key) sinceMs = deps.monotonicMs();
    key = now;
    return states.flatMap(({ follower, unit }) =>
      unit === undefined || isAsBefore(follower, unit) ? [] : [unit],
    );
  };

  const startDown = async (units: readonly UnitState[]): Promise<void> => {
    for (const { id, activeState } of units) {
      const times = starts.get(id) ?? 0;
      if (!['inactive', 'failed'].includes(activeState) || times >= MOST_STARTS) continue;
      starts.set(id, times + 1);
      try {
        if (activeState === 'failed') await deps.target.resetFailed(id);
        deps.step(`start ${id}`);
        await deps.target.bringBack(id);
      } catch (error) {
        const fault = toUserError(error);
        if (fault === null) throw error;
        refusals.set(id, fault.message);
      }
    }
  };

  return {
    start: async () => startDown(await look()),
    prove: async (patience) => {
      const beginMs = deps.monotonicMs();
      for (;;) {
        const bad = await look();
        const nowMs = deps.monotonicMs();
        if (bad.length === 0 && (key === null || nowMs - sinceMs >= deps.timing.settleMs)) {
          return { ok: [...starts.keys()] };
        }
        const isFinal = ({ id, activeState }: UnitState): boolean =>
          refusals.has(id) || (activeState === 'failed' && starts.has(id));
        const loading = bad.filter(({ activeState }) => activeState === 'activating');
        const bootMs = await Promise.all(loading.map(deps.bootMs));
        const limitMs = Math.max(deps.timing.verifyMs, ...bootMs);
        if (bad.some(isFinal) || nowMs - beginMs > limitMs) return { wrong: tell(bad, refusals) };
        if (patience() === 'leave') return 'left';
        await startDown(bad);
        await deps.sleep(deps.timing.pollMs);
      }
    },
  };
}

/** What a proof of a change says of it. @throws UserError with what is wrong */
export function requireFollowers(verdict: Exclude<FollowersVerdict, 'left'>): string[] {
  if ('ok' in verdict) return verdict.ok;
  throw new UserError(EXIT.failed, verdict.wrong);
}

function isAsBefore({ starting }: Follower, unit: UnitState): boolean {
  switch (unit.activeState) {
    case 'active':
    case 'reloading':
    case 'refreshing':
      return true;
    case 'activating':
      return starting;
    case 'inactive':
      // a job that was running, and has come to its end
      return starting && unit.type === 'oneshot' && unit.result === 'success';
    default:
      return false;
  }
}

function identify({ activeState, mainStartUs, nRestarts, invocationId }: UnitState): string {
  return `${activeState} ${mainStartUs} ${nRestarts} ${invocationId}`;
}

function tell(units: readonly UnitState[], refusals: ReadonlyMap<string, string>): string {
  if (units.length === 0) return 'units that are bound to it do not settle';
  return units
    .map(({ id, activeState, subState, result }) => {
      const why = refusals.get(id) ?? (result === null ? null : `result ${result}`);
      const detail = why === null ? subState : `${subState}, ${why}`;
      return `${id}, which was active before, is ${activeState} (${detail})`;
    })
    .join('; ');
}
