import type { Kind } from '../kind.ts';
import { celeryCommand } from './command.ts';
import { findObstacle, isOfProcesses } from './pool.ts';
import { celeryProcesses } from './processes.ts';
import { celeryProposals } from './propose.ts';
import { countRunningTasks } from './running-tasks.ts';

/** A Celery worker: a main process, and a pool that runs tasks from the queues of a broker. */
export const celery: Kind = {
  name: 'celery',
  words: {
    label: 'Celery',
    service: 'a Celery worker',
    main: 'the main process of Celery',
    process: 'a Celery worker',
    command: 'celery worker',
    option: '--concurrency=3',
    surplus: 'still busy, ending in a later run',
  },
  command: celeryCommand,
  processes: celeryProcesses,
  pool: {
    isCountable: isOfProcesses,
    // prefork always has some; the app itself may set another pool, which no command line tells
    whyEmpty: 'its pool has no processes: it is starting, or its app sets a pool of threads',
    // --max-tasks-per-child; one that cannot live takes the main process with it
    comeAndGo: true,
    isDrained: true,
    restartRisk: {
      evidence:
        'it has no broker_url: it cannot be asked to stop taking tasks before a restart, and what Celery then does by itself may lose a task, or run one twice, on a busy machine',
      remedy: 'set "broker_url" of the project',
    },
    findObstacle,
    isHealUndone: () => false,
  },
  serves: 'tasks',
  load: {
    busyness: null,
    countTasks: countRunningTasks,
    drain: async () => (await import('./drain-rate.ts')).withDrain,
    classOf: null,
  },
  proposals: celeryProposals,
  actions: async () => (await import('./actions.ts')).celeryActions,
};
