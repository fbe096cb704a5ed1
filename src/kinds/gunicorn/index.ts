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
    surplus: 'end when their requests are answered',
  },
  command: gunicornCommand,
  processes: gunicornProcesses,
  pool: {
    isCountable: () => true,
    whyEmpty: null,
    comeAndGo: false,
    isDrained: false,
    findObstacle: () => null,
    // those that were added may be what does not serve
    isHealUndone: (from, to) => from < to,
  },
  actions: async () => (await import('./actions.ts')).gunicornActions,
};
