import { findBackend } from './registry.ts';
import { settingsOf, type BrokerKeys } from './settings.ts';
import type { QueueRequest } from './read-queues.ts';

/** What the broker of a project is asked; null: the project has no broker. `wantsAll`: also what no decision needs. */
export function toQueueRequest(
  name: string,
  project: BrokerKeys & { queues: string[]; queue_metric: string },
  wantsAll: boolean,
): QueueRequest | null {
  const settings = settingsOf(project);
  if (settings === null) return null;
  const wantsUnacked =
    project.queue_metric === 'ready+unacked' || (wantsAll && tellsUnacked(settings.url));
  return { project: name, ...settings, queues: project.queues, wantsUnacked };
}

/** Whether a broker can say how many tasks are not acknowledged. */
export function tellsUnacked(url: string): boolean {
  return findBackend(url)?.noUnacked === null;
}
