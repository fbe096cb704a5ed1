import type { Decision } from '../../model/types.ts';

/** What tells how urgent a service is, from its measured state to its decision. */
export interface Urgency {
  action: Decision['action'];
  /** changes in a row that failed */
  failures: number;
  /** it is lowered because less memory is available than must remain */
  freesMemory: boolean;
  /** it has fewer workers than min_workers */
  isBelowMin: boolean;
  /** it has more workers than max_workers */
  isAboveMax: boolean;
  /** how far its metric is beyond the threshold: their ratio, infinite above a threshold of 0; 0: none is crossed */
  excess: number;
}

/**
 * The order in which decisions are carried out, for `sort`: negative where `a` is more urgent than `b`.
 * - Memory that is taken back comes first: without it the kernel ends processes, of any project.
 * - Then what min_workers promises, then raising, the further beyond its threshold the earlier.
 * - Then what max_workers promises, then lowering: nobody waits for these.
 * - Then services of which nothing is decided; drift may be healed.
 * - Last of all, whatever it wants, a service whose last change failed, so that it cannot go before others each time.
 *
 * 0 for equals, which stay in the order of the config.
 */
export function compareUrgency(a: Urgency, b: Urgency): number {
  const byClass = urgencyClass(a) - urgencyClass(b);
  if (byClass !== 0 || a.excess === b.excess) return byClass;
  // never subtracted: an excess may be infinite
  return a.excess > b.excess ? -1 : 1;
}

function urgencyClass(urgency: Urgency): number {
  const { action, failures, freesMemory, isBelowMin, isAboveMax } = urgency;
  if (failures > 0) return 6;
  switch (action) {
    case 'scale_up':
      return isBelowMin ? 1 : 2;
    case 'scale_down':
      return freesMemory ? 0 : isAboveMax ? 3 : 4;
    case 'none':
      return 5;
  }
}
