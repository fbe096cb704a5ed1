import type { Concurrency, Told } from '../../../kinds/shared/concurrency.ts';
import type { Finding } from './types.ts';

/** Gunicorn's default of `--keep-alive`, in seconds. */
const DEFAULT_S = '2';

/**
 * A Gunicorn service that is changed while it runs and whose workers (gthread) keep the connections of their clients:
 * one that ends takes those that are idle with it, and a request that is just on its way there. What is only known when
 * the service starts is no reason to tell it, but for the keep-alive, which is on unless somebody says otherwise.
 */
export function checkKeptConnections(project: string, told: Concurrency | null): Finding[] {
  if (told === null || !isThreaded(told)) return [];
  const { keepAlive } = told;
  const seconds = keepAlive === 'unknown' ? null : (keepAlive?.text ?? DEFAULT_S);
  if (Number(seconds ?? DEFAULT_S) === 0) return [];
  const kept = seconds === null ? '' : ` for ${seconds} s`;
  return [
    {
      code: 'connections_kept',
      severity: 'info',
      project,
      evidence: `its workers (gthread) keep idle connections${kept}: a client that sends a request just as a worker is removed may find its connection closed (12 of 14801 requests in a measurement)`,
      remedy:
        'behind nginx with its defaults nothing is needed; if clients reach Gunicorn directly, add --keep-alive 0 or put nginx in front of it',
    },
  ];
}

/** Several threads make gthread workers of sync ones. */
function isThreaded({ workerClass, threads }: Concurrency): boolean {
  const name = textOf(workerClass) ?? (workerClass === null ? 'sync' : '');
  if (/^(?:gthread$|gunicorn\.workers\.gthread\.)/.test(name)) return true;
  const isSync = name === 'sync' || name.endsWith('SyncWorker');
  return isSync && Number(textOf(threads) ?? 1) > 1;
}

function textOf(told: Told): string | null {
  return told === 'unknown' ? null : (told?.text ?? null);
}
