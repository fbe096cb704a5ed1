import type { Logger } from 'pino';
import { settingsOf } from '../../queues/settings.ts';
import { HIDDEN_REMEDY, hidesTasks, tellHidden } from '../check/findings/hidden-tasks.ts';
import type { Config } from '../../config/schema/schema.ts';
import type { Sample } from '../../model/types.ts';
import type { QueueRequest } from '../../queues/read-queues.ts';
import { tellsUnacked } from '../../queues/request.ts';
import { isNews } from '../../state/reported.ts';

/** Logged once, and again only if it was over in between. */
const HIDDEN = 'tasks wait in its workers';

/**
 * Warns once about services whose workers hold far more tasks than they need, so that the queue looks empty to the
 * thresholds. Finding out means reading the messages, so it is done only once an hour.
 */
export async function reportHiddenTasks(
  { projects, global: { state_dir: stateDir } }: Config,
  sample: Sample,
  log: Logger,
): Promise<void> {
  const requests: (QueueRequest & { service: string })[] = [];
  for (const [project, settings] of Object.entries(projects)) {
    const { enabled, queue_thresholds: steps, queue_metric: metric, queues } = settings;
    const broker = settingsOf(settings);
    // the metric of these services already counts all tasks that are handed out
    if (!enabled || steps === undefined || metric === 'ready+unacked') continue;
    if (broker === null || !tellsUnacked(broker.url)) continue;
    const service = settings.service_name;
    if (typeof sample.services[service]?.queue_length !== 'number') continue;
    requests.push({ project, service, ...broker, queues, wantsUnacked: true });
  }
  if (requests.length === 0) return;
  const names = requests.map(({ service }) => service).join(' ');
  if (!isNews(stateDir, 'hidden looked', `${sample.at.slice(0, 13)} ${names}`)) return;
  const { readQueues } = await import('../../queues/read-queues.ts');
  const found = await readQueues(requests);
  for (const { project, service } of requests) {
    const unacked = found.get(project)?.unacked;
    if (typeof unacked !== 'number') continue;
    const { running, workers } = sample.services[service]!;
    const held = { unacked, workers: running ?? workers ?? 1 };
    const isHidden = hidesTasks(held);
    if (!isNews(stateDir, `hidden ${service}`, isHidden ? HIDDEN : null)) continue;
    const text = `${service}: ${tellHidden(held)}; ${HIDDEN_REMEDY} (reported once)`;
    log.warn({ event: 'tasks_hidden', project, service }, text);
  }
}
