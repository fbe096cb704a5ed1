import type { UnitState } from '../model/unit-state.ts';
import type { KindDeps, PoolChange, Resized, WorkerTree } from './ports.ts';

/** What a kind does to a running service, and asks of it; loaded when it is needed. */
export interface KindActions {
  /**
   * Why the running pool cannot be changed without a restart; null: it can. Nothing is changed by asking.
   *
   * @throws UserError where nothing can be known now
   */
  findObstacle: (tree: WorkerTree, unit: UnitState, deps: KindDeps) => Promise<string | null>;
  /**
   * Brings the running pool to `target` workers without a restart. It looks at what runs and asks for the difference, so
   * that it may be called again at any time.
   *
   * @throws UserError where the pool does not get there
   */
  resize: (change: PoolChange, target: number, deps: KindDeps) => Promise<Resized>;
  /** Restarts the service as it suits this kind, so that it takes its number over from the unit. May be called again. */
  restart: (change: PoolChange, deps: KindDeps) => Promise<Resized>;
  /** why the workers that a change starts would not come up, as far as it shows beforehand; null: nothing is known */
  findLoadFault: (
    change: { to: number; resize: 'live' | 'restart' },
    tree: WorkerTree,
    unit: UnitState,
    deps: KindDeps,
  ) => Promise<string | null>;
  /** those of the workers that serve, as far as that can be told; null: with this kind it cannot */
  listServing: (pids: readonly number[], deps: KindDeps) => number[] | null;
  /** whether workers may end by themselves and be replaced, beyond what `comeAndGo` of the kind says, as far as it is known */
  mayRecycle: (unit: UnitState, deps: KindDeps) => Promise<boolean>;
  /** of the workers those of which it is sure that nobody has asked them to end, as a reload does */
  countSure: (pids: readonly number[], nowMs: number, deps: KindDeps) => number;
  /** how many workers a service has that is looked at again and again */
  watchSize: (service: string, deps: KindDeps) => PoolSize;
  /** how many workers the pool has by its own word, where some of them may be missing in /proc; null: it does not say */
  askSize: (service: string, mainPid: number, deps: KindDeps) => Promise<number | null>;
  /** what the service takes tasks from by its own word; null: it does not say, or it takes none */
  askTaking: (service: string, mainPid: number, deps: KindDeps) => Promise<Taking | null>;
}

/** How many workers a pool has. A size is not what runs at a moment, where each process ends after a task. */
export interface PoolSize {
  /** by what its processes show now, and by the pool's own word once some of them are replaced */
  of: (tree: WorkerTree) => Promise<number>;
}

/** What a service says of the tasks that it takes. */
export interface Taking {
  queues: string[];
  /** how many tasks it may hold at once, running ones included; 0: any number; null: it does not say */
  prefetch: number | null;
}
