import type { KindDeps } from '../ports.ts';
import { UserError } from '../../errors.ts';
import { asObject } from '../../model/foreign-json.ts';
import { portOf } from '../shared/port-of.ts';
import { askCelery, findNode } from './ask-node.ts';
import { celeryPorts } from './ports.ts';
import type { ControlCommand } from './remote-control.ts';

/** A pop from Redis that is under way lasts up to a second (kombu/transport/redis.py), and then brings its message. */
const POP_MS = 1_200;
/** How long tasks that were taken and not begun are waited for: those that take longer seldom begin in a given moment. */
const TAKEN_MS = 5_000;
const LOOK_MS = 100;
/** How long it may take to have it leave its queues, each of which it confirms at once as a rule. */
const LEAVE_MS = 10_000;
/** How many queues a worker may be asked to leave: anybody who may write to the broker can answer in its place. */
const MOST_QUEUES = 100;

/**
 * Before Celery is asked to end: lets it take nothing more (`cancel_consumer` for each queue, to this worker alone), and
 * begin what it has taken.
 *
 * Celery's own warm shutdown has two gaps. With kombu before 5.3.2 a message that Redis has handed out in that moment is
 * lost (celery/kombu pull request 1733). And a task that the pool was given, and has not told to have begun, runs and is
 * put back as well, so that it runs twice: a busy worker notices the signal when a task ends, right after it has handed
 * out the next one. Neither can happen to a worker that takes nothing and has begun all it took.
 *
 * A worker that cannot be asked ends as it always does. May be called again. Answers whom to wake after the signal, lest
 * it is noticed in such a moment: null, nobody.
 */
export async function quiesce(
  service: string,
  mainPid: number,
  deps: KindDeps,
): Promise<string | null> {
  try {
    const found = await findNode(service, mainPid, deps, 1);
    if ('obstacle' in found) return null;
    const { node } = found;
    const ask = (command: ControlCommand): Promise<unknown[]> =>
      askCelery(service, node, command, deps, 1);
    const begun = deps.monotonicMs();
    for (const queue of listNames(await ask({ method: 'active_queues', arguments: {} }))) {
      if (deps.monotonicMs() - begun >= LEAVE_MS || deps.interruptedMs() !== null) break;
      deps.step('remote control cancel_consumer');
      await ask({ method: 'cancel_consumer', arguments: { queue } });
    }
    const since = deps.monotonicMs();
    for (;;) {
      const [taken] = await ask({ method: 'reserved', arguments: {} });
      const passedMs = deps.monotonicMs() - since;
      if (Array.isArray(taken) && taken.length === 0 && passedMs >= POP_MS) return null;
      if (passedMs >= TAKEN_MS || deps.interruptedMs() !== null) return node;
      await deps.sleep(LOOK_MS);
    }
  } catch (error) {
    if (error instanceof UserError) return null;
    throw error;
  }
}

/** A worker that waits for a message looks at its signals when one comes; its answer does not matter. */
export async function wake(service: string, node: string, deps: KindDeps): Promise<void> {
  await portOf(celeryPorts, deps).control.ask(service, node, { method: 'ping', arguments: {} });
}

function listNames([queues]: unknown[]): string[] {
  if (!Array.isArray(queues)) return [];
  return queues
    .slice(0, MOST_QUEUES)
    .map((queue) => asObject(queue)['name'])
    .filter((name) => typeof name === 'string');
}
