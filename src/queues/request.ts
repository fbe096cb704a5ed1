import { settingsOf } from './settings.ts';
import type { Project } from '../config/schema/schema.ts';
import type { QueueRequest } from './queue.ts';

/** What the broker of a project is asked; null: it has none. `wantsAll`: also for what no decision needs. */
export function toQueueRequest(
  name: string,
  project: Project,
  wantsAll: boolean,
): QueueRequest | null {
  const settings = settingsOf(project);
  if (settings === null) return null;
  const wantsUnacked =
    project.queue_metric === 'ready+unacked' || (wantsAll && !isAmqp(settings.url));
  return { project: name, ...settings, queues: project.queues, wantsUnacked };
}

/** Whether it is RabbitMQ, which does not tell how many tasks are not acknowledged. */
export function isAmqp(url: string): boolean {
  return /^(?:amqps?|pyamqp|librabbitmq):/.test(url);
}
