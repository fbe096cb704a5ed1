import type { Taking } from '../../kinds/actions.ts';
import { kindNamed } from '../../kinds/registry.ts';
import { isRunning } from '../../model/unit-state.ts';
import { resolveBroker } from '../../queues/broker.ts';
import { tellsUnacked } from '../../queues/request.ts';
import { settingsOf } from '../../queues/settings.ts';
import { limitsFromNow } from '../../queues/try-servers.ts';
import { HIDDEN_REMEDY, hidesTasks, tellHidden } from './findings/hidden-tasks.ts';
import { checkQueues, type QueueFacts } from './findings/queues.ts';
import type { Finding } from './findings/types.ts';
import type { Config, Project } from '../../config/schema/schema.ts';
import { readProcess } from '../../host/proc/proc.ts';
import { TARGET } from '../../targets/registry.ts';
import type { Looked } from './looked.ts';

const SERVER_MS = 2000;

/**
 * Whether the queues that a project looks at are those of its worker, and show what there is to do. Of a project that does
 * not go by its queues, or whose broker does not answer, nothing is said.
 */
export async function checkWorkerQueues(looked: Looked): Promise<Finding[]> {
  const { name, project, sample, config } = looked;
  const settings = settingsOf(project);
  if (settings === null || !goesByQueue(project)) return [];
  if (typeof sample?.queue_length !== 'number') return [];
  const said = await askWorker(looked);
  const written = said === null ? await readWritten(looked) : null;
  const taken: QueueFacts['taken'] =
    said !== null
      ? { queues: said.queues, source: 'worker' }
      : written && { queues: written, source: 'unit' };
  const unseen = taken === null ? await listUnseen(project, config) : [];
  const queues = [...new Set([...project.queues, ...(taken?.queues ?? []), ...unseen])];
  const { readQueues } = await import('../../queues/read-queues.ts');
  const request = { project: name, ...settings, queues, wantsUnacked: tellsUnacked(settings.url) };
  const found = (await readQueues([request])).get(name);
  const waiting = found?.perQueue ?? {};
  const facts = { project: name, looked: project.queues, taken, waiting };
  const withTasks = unseen.filter((queue) => (waiting[queue] ?? 0) > 0);
  return [
    ...checkQueues({ ...facts, unseen: withTasks }),
    ...checkHidden(looked, found?.unacked ?? null, said),
  ];
}

function goesByQueue({ queue_thresholds: steps, drain_time_thresholds: drain }: Project): boolean {
  return steps !== undefined || drain !== undefined;
}

async function askWorker({ unit, deps }: Looked): Promise<Taking | null> {
  if (!isRunning(unit)) return null;
  const tree = await deps.findWorkerTree(unit);
  if ('error' in tree) return null;
  const { askTaking } = await kindNamed(tree.kind).actions();
  return askTaking(unit.unit, tree.masterPid, deps);
}

/** By its command, as the unit has it, or as it runs: a shell may have expanded it. */
async function readWritten({ unit, deps }: Looked): Promise<string[] | null> {
  const command = (await TARGET.locate(unit)).command();
  const written =
    command === null ? null : kindNamed(command.kind).command.findQueues(command.words);
  if (written !== null || !isRunning(unit)) return written;
  const tree = await deps.findWorkerTree(unit);
  if ('error' in tree) return null;
  return kindNamed(tree.kind).command.findQueues(readProcess(tree.masterPid)?.argv ?? []);
}

/** Those of its broker that no project of the config looks at. */
async function listUnseen(project: Project, { projects }: Config): Promise<string[]> {
  const broker = resolveBroker(settingsOf(project)!);
  const client = await broker.backend.load();
  const seen = Object.values(projects).flatMap(({ broker_url: url, queues }) =>
    url === project.broker_url ? queues : [],
  );
  // what cannot be had is not missed: the queues themselves were answered
  const bound = await client
    .listBoundQueues(broker, limitsFromNow(SERVER_MS, SERVER_MS))
    .catch(() => []);
  return bound.filter((name) => !seen.includes(name));
}

function checkHidden(
  { name, project, sample }: Looked,
  unacked: number | null,
  said: Taking | null,
): Finding[] {
  if (project.queue_metric === 'ready+unacked') return [];
  const of = { code: 'tasks_hidden', severity: 'warning', project: name } as const;
  const workers = sample?.running ?? sample?.workers ?? 1;
  if (unacked !== null && hidesTasks({ unacked, workers })) {
    return [{ ...of, evidence: tellHidden({ unacked, workers }), remedy: HIDDEN_REMEDY }];
  }
  if (said?.prefetch !== 0) return [];
  const evidence =
    'its worker takes any number of tasks in advance (worker_prefetch_multiplier = 0): they wait in it, where the queue does not show them';
  const remedy = unacked === null ? 'set worker_prefetch_multiplier = 1 in the app' : HIDDEN_REMEDY;
  return [{ ...of, evidence, remedy }];
}
