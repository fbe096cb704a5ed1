import type { Kind } from '../kind.ts';
import { gunicornCommand } from './command.ts';
import { classOfWorkers } from './concurrency.ts';
import { gunicornProcesses } from './processes.ts';
import { gunicornProposals } from './propose.ts';

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
    surplus: 'still finishing requests',
  },
  command: gunicornCommand,
  processes: gunicornProcesses,
  pool: {
    isCountable: () => true,
    whyEmpty: null,
    comeAndGo: false,
    isDrained: false,
    restartRisk: null,
    findObstacle: () => null,
    // those that were added may be what does not serve
    isHealUndone: (from, to) => from < to,
  },
  serves: 'requests',
  load: {
    busyness: async () => (await import('./busy.ts')).measureBusyness,
    countTasks: null,
    drain: null,
    classOf: classOfWorkers,
  },
  proposals: gunicornProposals,
  actions: async () => (await import('./actions.ts')).gunicornActions,
};
