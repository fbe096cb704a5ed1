/** A setting's text; null: it is not set; `unknown`: it is set, or may be, and what it is only shows when the service starts. */
export type Told = { text: string } | 'unknown' | null;

/** What the command of a service says of how each of its workers serves requests. */
export interface Concurrency {
  workerClass: Told;
  threads: Told;
  /** how many seconds an idle connection is kept */
  keepAlive: Told;
  /** how many seconds a worker may be silent, also while it loads its application, before its master ends it; 0: any */
  timeout: Told;
  /** after how many requests a worker ends and is replaced; 0: never */
  maxRequests: Told;
}

/**
 * How many requests a worker serves at once: one, one for each of its threads, or any number (gevent, eventlet, tornado,
 * uvicorn). `unknown`: it is only known when the service starts.
 */
export type WorkerClass = 'sync' | 'gthread' | 'async' | 'unknown';
