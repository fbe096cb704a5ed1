import type { Kind } from '../kind.ts';
import { celeryCommand } from './command.ts';
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
  },
  command: celeryCommand,
  processes: celeryProcesses,
};
