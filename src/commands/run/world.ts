import type { Logger } from 'pino';
import { whyBlocked } from '../../act/journal/recover.ts';
import type { ActDeps } from '../../act/ports.ts';
import { findRelated } from '../../act/related.ts';
import { openSideBySide } from '../../act/side-by-side.ts';
import type { Outcome, Plan } from '../../act/types.ts';
import { readUnit } from '../../kinds/shared/unit.ts';
import type { UnitState } from '../../model/unit-state.ts';
import { finishDrains } from './finish-drains.ts';
import { recoverFirst } from './recover-first.ts';
import { limitRun } from './run-limits.ts';

/** What an earlier run had left, as far as this one has come with it. */
export interface Recovered {
  /** changes that have ended so far */
  outcomes: readonly Outcome[];
  hasFailed: boolean;
  /** why a service must not be changed, as it is being recovered when this is taken; null: it may be */
  blockedNow: () => { services: readonly string[]; why: (service: string) => string | null };
  /** resolves when nothing is left to recover */
  ended: Promise<void>;
}

/** A piece of work on one service, in its turn. */
export interface Turn<T> {
  unit: string;
  work: (getsOn: () => void) => Promise<T>;
}

/**
 * All that a run does to the host, as opposed to looking at it. A dry run goes the same way in a world in which nothing
 * happens (dry-world.ts).
 */
export interface World {
  isDry: boolean;
  /** finishes or undoes what an earlier run had left, before anything else */
  recover: () => Promise<Recovered>;
  /** why no further change is begun in this run; null: it may be */
  whyNot: () => string | null;
  /** the unit as it is now: others may have had their turn since it was measured */
  readNow: (unit: UnitState) => Promise<UnitState>;
  /** carries a plan out; null: in a dry run, which stops here */
  apply: (plan: Plan, getsOn: () => void) => Promise<Outcome | null>;
  /** begins each piece of work when it has a place beside the others (see act/side-by-side) */
  takeTurns: <T>(turns: readonly Turn<T>[]) => Promise<Promise<T>[]>;
  /** resolves when all that is under way only waits for its service */
  calm: () => Promise<void>;
  monotonicMs: () => number;
  /** comes back to the services whose Celery still finishes its tasks; the changes that have ended */
  finishDrains: (services: ReadonlySet<string>, untilMs: number) => Promise<Outcome[]>;
  /** resolves when nothing is under way any more */
  ended: () => Promise<void>;
}

/** The world in which changes are made. */
export function openWorld(plainDeps: ActDeps, log: Logger, checkIntervalMs: number): World {
  const beside = openSideBySide();
  const { whyNot, mayLeave } = limitRun(plainDeps, beside, checkIntervalMs);
  const deps = { ...plainDeps, mayLeave };
  return {
    isDry: false,
    recover: async () => {
      const { recovery, ended } = await recoverFirst(deps, beside, log);
      return {
        outcomes: recovery.outcomes,
        get hasFailed() {
          return (
            recovery.faults.length > 0 ||
            recovery.outcomes.some(({ result }) => result === 'failed')
          );
        },
        blockedNow: () => {
          const now = { ...recovery, blocked: [...recovery.blocked] };
          return { services: now.blocked, why: (service) => whyBlocked(now, service) };
        },
        ended,
      };
    },
    whyNot,
    readNow: ({ unit }) => readUnit(unit, deps),
    apply: async (plan, getsOn) => {
      // an idle run does not need it
      const { applyPlan } = await import('../../act/apply.ts');
      return applyPlan(plan, { ...deps, getsOn });
    },
    takeTurns: async (turns) => {
      const related = await findRelated(
        turns.map(({ unit }) => unit),
        deps,
      );
      return turns.map(({ unit, work }) => beside.add({ unit, ...related(unit), work }));
    },
    calm: beside.calm,
    monotonicMs: deps.monotonicMs,
    finishDrains: (services, untilMs) => finishDrains(services, untilMs, { deps, beside, log }),
    ended: beside.ended,
  };
}
