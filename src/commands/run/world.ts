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

/** The changes that an earlier run left, and how far this run has got with them. */
export interface Recovered {
  /** changes that have ended so far */
  outcomes: readonly Outcome[];
  hasFailed: boolean;
  /** takes a snapshot of what is being recovered: why a service must not be changed; null: it may be */
  blockedNow: () => { services: readonly string[]; why: (service: string) => string | null };
  /** resolves when nothing is left to recover */
  ended: Promise<void>;
}

/** A piece of work on one service, done when its turn comes. */
export interface Turn<T> {
  unit: string;
  work: (getsOn: () => void) => Promise<T>;
}

/**
 * Everything that a run does to the host, as opposed to looking at it. A dry run takes the same path in a world in which
 * nothing happens (dry-world.ts).
 */
export interface World {
  isDry: boolean;
  /** finishes or undoes the changes that an earlier run left, before anything else */
  recover: () => Promise<Recovered>;
  /** why no further change may begin in this run; null: one may */
  whyNot: () => string | null;
  /** the unit as it is now: other services may have had their turn since it was measured */
  readNow: (unit: UnitState) => Promise<UnitState>;
  /** carries out a plan; null: this is a dry run, which stops here */
  apply: (plan: Plan, getsOn: () => void) => Promise<Outcome | null>;
  /** begins each piece of work as soon as there is a place for it (see act/side-by-side) */
  takeTurns: <T>(turns: readonly Turn<T>[]) => Promise<Promise<T>[]>;
  /** resolves when everything under way is only waiting for its service */
  calm: () => Promise<void>;
  monotonicMs: () => number;
  /** comes back to the services whose Celery worker is still finishing its tasks; returns the changes that have ended */
  finishDrains: (services: ReadonlySet<string>, untilMs: number) => Promise<Outcome[]>;
  /** resolves when nothing is under way any longer */
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
