import type { OptionTable } from '../command/options.ts';

const GLOBAL_VALUES = {
  '-A': 'app',
  '--app': 'app',
  '-b': 'broker',
  '--broker': 'broker',
  ...named('result-backend loader config workdir'),
};
const GLOBAL_FLAGS = {
  '-C': 'no-color',
  '-q': 'quiet',
  ...named('no-color quiet version skip-checks'),
};

/** Options of `celery` itself, before its subcommand. */
export function celeryOptions(): OptionTable {
  return { values: GLOBAL_VALUES, flags: GLOBAL_FLAGS };
}

/** Options of `celery worker`, 3.1 to 5.6; the older ones also take those of `celery` here. */
export function celeryWorkerOptions(): OptionTable {
  return {
    values: {
      ...GLOBAL_VALUES,
      '-c': 'concurrency',
      '-P': 'pool',
      '-n': 'hostname',
      '-S': 'statedb',
      '-l': 'loglevel',
      '-O': 'optimization',
      '-Q': 'queues',
      '-X': 'exclude-queues',
      '-I': 'include',
      '-s': 'schedule',
      '-f': 'logfile',
      ...named(
        'concurrency pool hostname statedb loglevel optimization prefetch-multiplier time-limit',
        'soft-time-limit max-tasks-per-child maxtasksperchild max-memory-per-child queues',
        'exclude-queues include heartbeat-interval autoscale schedule-filename schedule scheduler',
        'logfile pidfile uid gid umask executable',
      ),
    },
    flags: {
      ...GLOBAL_FLAGS,
      '-D': 'detach',
      '-E': 'task-events',
      '-B': 'beat',
      ...named(
        'detach task-events events purge discard without-gossip without-mingle without-heartbeat',
        'beat disable-prefetch no-execv',
      ),
    },
  };
}

/** Options of `airflow celery worker`, 2.0 to 3.0. */
export function airflowWorkerOptions(): OptionTable {
  return {
    values: {
      '-a': 'autoscale',
      '-c': 'concurrency',
      '-H': 'hostname',
      '-l': 'logfile',
      '-q': 'queues',
      '-u': 'umask',
      '--celery-hostname': 'hostname',
      '--log-file': 'logfile',
      ...named('autoscale concurrency pid queues stderr stdout umask'),
    },
    flags: {
      '-D': 'detach',
      '-g': 'without-gossip',
      '-m': 'without-mingle',
      '-s': 'skip-serve-logs',
      '-v': 'verbose',
      ...named('skip-serve-logs verbose without-gossip without-mingle'),
      '--daemon': 'detach',
    },
  };
}

function named(...lines: string[]): Record<string, string> {
  return Object.fromEntries(lines.flatMap((line) => line.split(' ')).map((n) => [`--${n}`, n]));
}
