import type { KindDeps } from '../kinds/ports.ts';
import type { Served } from '../model/served.ts';
import type { ActTarget } from '../targets/target.ts';
import type { Outcome } from './types.ts';

/** The world as act sees it: all that a test replaces. */
export interface ActDeps extends KindDeps {
  backupDir: string;
  target: ActTarget;
  /** where the main process of a service listens; null: it cannot be seen */
  readServed: (masterPid: number) => Promise<Served[] | null>;
  /**
   * Notes an ended change in the history, before it leaves the journal, so that no crash can lose the
   * note; the same change may come twice after one. May throw (a full disk): then the next run does it.
   */
  record: (outcome: Outcome) => void;
  /** processes of a control group that the kernel has ended for lack of memory; null: not known */
  readOomKills: (controlGroup: string | null) => number | null;
}
