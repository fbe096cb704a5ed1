import type { KindActions } from '../actions.ts';
import { drainAndStart } from './drain.ts';
import { askPoolSize, watchPoolSize } from './pool-size.ts';
import { findObstacle, resize } from './resize.ts';
import { askTaking } from './taking.ts';

/** What is done to a running Celery worker: by its remote control, or by a restart that waits for its tasks. */
export const celeryActions: KindActions = {
  findObstacle: (tree, { unit }, deps) => findObstacle(unit, tree, deps),
  resize,
  // SIGTERM from systemd would reach the pool's children too, and their tasks would be lost
  restart: drainAndStart,
  // a process of the pool that cannot live takes the main process with it, and the tasks wait in the queue
  findLoadFault: () => Promise.resolve(null),
  listServing: () => null,
  mayRecycle: () => Promise.resolve(false),
  countSure: (pids) => pids.length,
  watchSize: watchPoolSize,
  askSize: askPoolSize,
  askTaking,
};
