import type { Kind } from '../kind.ts';
import { celeryCommand } from './command.ts';
import { findObstacle, isOfProcesses } from './pool.ts';
import { celeryProcesses } from './processes.ts';

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
    surplus: 'are busy and end in one of the next runs',
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
    findObstacle,
    isHealUndone: () => false,
  },
  actions: async () => (await import('./actions.ts')).celeryActions,
};
