import type { Taking } from '../actions.ts';
import type { KindDeps } from '../ports.ts';
import { portOf } from '../shared/port-of.ts';
import { celeryPorts } from './ports.ts';
import { asObject } from '../../model/foreign-json.ts';
import { readQueueNames } from '../../model/queue-names.ts';

/** What the worker with this main process takes tasks from, by its own word; null: it does not say. */
export async function askTaking(
  service: string,
  mainPid: number,
  deps: KindDeps,
): Promise<Taking | null> {
  const { control } = portOf(celeryPorts, deps);
  const node = deps.brokerOf(service) === null ? null : control.nodeOf(mainPid);
  if (node === null) return null;
  const stats = await control.ask(service, node, { method: 'stats', arguments: {} });
  if ('error' in stats) return null;
  // another host's worker may have the same name
  const own = stats.replies.map(asObject).filter(({ pid }) => pid === mainPid);
  if (own.length !== 1 || stats.replies.length !== 1) return null;
  const answer = await control.ask(service, node, { method: 'active_queues', arguments: {} });
  if ('error' in answer || answer.replies.length !== 1) return null;
  const [listed] = answer.replies;
  if (!Array.isArray(listed)) return null;
  const queues = readQueueNames(listed.map((queue) => asObject(queue)['name']));
  const { prefetch_count: prefetch } = own[0]!;
  const isCount = Number.isSafeInteger(prefetch) && (prefetch as number) >= 0;
  return { queues, prefetch: isCount ? (prefetch as number) : null };
}
