/** Whether the workers of a pool are processes: those of threads, gevent and eventlet cannot be counted. */
export function isOfProcesses(pool: string | null): boolean {
  return pool === null || pool === 'prefork' || pool === 'processes';
}

/** Why a pool cannot be changed while it runs, by its command line and the config; null: nothing is known against it. */
export function findObstacle({
  pool,
  hasBroker,
}: {
  pool: string | null;
  hasBroker: boolean;
}): string | null {
  if (!isOfProcesses(pool)) {
    return `its pool is ${pool}, and only a pool of processes (prefork) can be changed while it runs`;
  }
  if (!hasBroker) {
    return 'the config has no "broker_url" for it, over which Celery\'s remote control could be reached';
  }
  return null;
}
