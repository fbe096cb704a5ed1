import { formatCount } from '../../../model/wording.ts';

/** Celery's default `worker_prefetch_multiplier`: how many tasks for each process are taken in advance. */
const USUAL_PREFETCH = 4;
/** Twice as many as usual: what two services share is no matter yet. */
const FAR = 2;

/** Tasks that were handed out, and how many processes there are to run them. */
export interface Held {
  /** handed out and not acknowledged, those for a later time (ETA) left out */
  unacked: number;
  workers: number;
}

/** Whether workers hold far more tasks than they need, so that the queue looks empty while tasks wait in them. */
export function hidesTasks({ unacked, workers }: Held): boolean {
  return unacked > FAR * Math.max(1, workers) * (1 + USUAL_PREFETCH);
}

/** The same as a sentence. */
export function tellHidden({ unacked, workers }: Held): string {
  return `${formatCount(unacked, 'task')} of its queues are handed out and not acknowledged, with ${formatCount(workers, 'process')} to run them: they wait in workers, where the queue does not show them`;
}

/** What helps. */
export const HIDDEN_REMEDY =
  'set "queue_metric": "ready+unacked", or worker_prefetch_multiplier = 1 in the app';
