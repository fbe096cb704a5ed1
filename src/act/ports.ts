import type { KindDeps } from '../kinds/ports.ts';
import type { Served } from '../model/served.ts';
import type { Concerned } from '../targets/systemd/propagation.ts';
import type { Outcome } from './types.ts';

/** What act asks of systemd, besides what kinds ask of it. */
export interface SystemdActions {
  daemonReload: () => Promise<void>;
  /** what the restart of each of several services concerns */
  readPropagation: (services: string[]) => Promise<Map<string, Concerned>>;
  /** has a unit started that went down with another one, and does not wait for it */
  bringBackUnit: (unit: string) => Promise<void>;
}

/** The world as act sees it: all that a test replaces. */
export interface ActDeps extends KindDeps {
  backupDir: string;
  systemd: SystemdActions & KindDeps['systemd'];
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
