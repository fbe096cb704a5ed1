import { openSideBySide } from '../../act/side-by-side.ts';
import type { World } from './world.ts';

/** The world of a dry run: nothing is recovered, changed or waited for. */
export function openDryWorld(): World {
  const beside = openSideBySide();
  return {
    isDry: true,
    recover: () =>
      Promise.resolve({
        ...{ outcomes: [], hasFailed: false, ended: Promise.resolve() },
        blockedNow: () => ({ services: [], why: () => null }),
      }),
    whyNot: () => null,
    readNow: (unit) => Promise.resolve(unit),
    apply: () => Promise.resolve(null),
    takeTurns: (turns) => Promise.resolve(turns.map((turn) => beside.add(turn))),
    calm: () => Promise.resolve(),
    monotonicMs: () => performance.now(),
    finishDrains: () => Promise.resolve([]),
    ended: beside.ended,
  };
}
