import type { Kind } from '../kind.ts';
import { gunicornCommand } from './command.ts';
import { gunicornProcesses } from './processes.ts';

/** Gunicorn: a master, and workers that answer requests. */
export const gunicorn: Kind = {
  name: 'gunicorn',
  words: {
    label: 'Gunicorn',
    service: 'Gunicorn',
    main: 'a Gunicorn master',
    process: 'a Gunicorn master',
    command: 'gunicorn',
    option: '--workers 3',
  },
  command: gunicornCommand,
  processes: gunicornProcesses,
};
