const NAMES = ['CELERY_BROKER_URL', 'BROKER_URL', 'CELERY_BROKER', 'REDIS_URL'];
const URL = /^(?:rediss?|redis\+socket|unix|sentinel|amqps?):\/\/\S+$/;

/**
 * Where a Celery worker's broker is: its `-b`, else a variable of its environment that usually says so; null: it
 * is not told there. `environ` as /proc/PID/environ has it.
 */
export function findBroker(argv: readonly string[], environ: string): string | null {
  const at = argv.findIndex((word) => word === '-b' || word === '--broker');
  const glued = argv.find((word) => word.startsWith('--broker='))?.slice('--broker='.length);
  const given = glued ?? (at === -1 ? undefined : argv[at + 1]);
  if (given !== undefined && URL.test(given)) return given;
  const variables = new Map(
    environ.split('\0').map((entry): [string, string] => {
      const equals = entry.indexOf('=');
      return [entry.slice(0, equals), entry.slice(equals + 1)];
    }),
  );
  const others = [...variables.keys()].filter((name) => /_BROKER_URL$/.test(name)).sort();
  for (const name of [...NAMES, ...others]) {
    const value = variables.get(name);
    if (value !== undefined && URL.test(value)) return value;
  }
  return null;
}

/** Where a Gunicorn listens by its command line; null: it is not told there. */
export function findBind(argv: readonly string[]): string | null {
  const at = argv.findIndex((word) => word === '-b' || word === '--bind');
  const glued = argv.find((word) => word.startsWith('--bind='))?.slice('--bind='.length);
  return glued ?? (at === -1 ? null : (argv[at + 1] ?? null));
}
