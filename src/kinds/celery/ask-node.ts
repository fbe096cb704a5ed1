import type { KindDeps } from '../ports.ts';
import { portOf } from '../shared/port-of.ts';
import { celeryPorts } from './ports.ts';
import type { ControlCommand } from './remote-control.ts';
import { EXIT, UserError } from '../../errors.ts';
import { cleanText } from '../../model/clean-text.ts';
import { asObject } from '../../model/foreign-json.ts';

/** A worker that is busy for a moment is given a second chance to answer. */
const ASK_TRIES = 2;

/** The broker does not allow remote control: a next run will not be allowed either. */
class ControlRefused extends UserError {}

/** The worker that has answered to its name, and what of `inspect stats` matters. */
export interface CeleryNode {
  node: string;
  pool: string | null;
  /** Celery sizes the pool itself */
  autoscaler: boolean;
}

/**
 * The worker with this main process by its own word, or why it cannot be asked by remote control. Its answer also proves
 * that it has dealt with whatever was sent to it before.
 *
 * @throws UserError where the broker cannot be asked: nothing is known then
 */
export async function findNode(
  service: string,
  mainPid: number,
  deps: KindDeps,
  tries = ASK_TRIES,
): Promise<CeleryNode | { obstacle: string }> {
  if (deps.brokerOf(service) === null) return { obstacle: 'the config has no broker_url for it' };
  const node = portOf(celeryPorts, deps).control.nodeOf(mainPid);
  if (node === null)
    return { obstacle: 'the name of its node cannot be read from its main process' };
  const command: ControlCommand = { method: 'stats', arguments: {} };
  const replies = await askCelery(service, node, command, deps, tries).catch((error: unknown) => {
    if (error instanceof ControlRefused) return { obstacle: error.message };
    throw error;
  });
  if ('obstacle' in replies) return replies;
  const [first, second] = replies;
  if (first === undefined) {
    return {
      obstacle: `${node} does not answer to remote control over the broker of the config: it is switched off (worker_enable_remote_control), or the worker uses another broker or another control_exchange`,
    };
  }
  if (second !== undefined) return { obstacle: `more than one worker has the name ${node}` };
  const { pid = mainPid, pool, autoscaler } = asObject(first);
  if (pid !== mainPid) {
    const other = Number.isSafeInteger(pid) ? `process ${String(pid)}` : 'no process';
    return {
      obstacle: `the worker that answers to ${node} is not this one (${other}, not ${mainPid})`,
    };
  }
  const { implementation } = asObject(pool);
  return {
    node,
    pool: typeof implementation === 'string' ? cleanText(implementation) : null,
    autoscaler: autoscaler !== undefined && autoscaler !== null,
  };
}

/**
 * What the workers of this name answer; a reply in a serialization that we do not read is null.
 *
 * @throws UserError where the broker cannot be asked
 */
export async function askCelery(
  service: string,
  node: string,
  command: ControlCommand,
  deps: KindDeps,
  tries = ASK_TRIES,
): Promise<unknown[]> {
  for (let left = tries; left > 0; left--) {
    const answer = await portOf(celeryPorts, deps).control.ask(service, node, command);
    if ('error' in answer && answer.isRefused === true) {
      throw new ControlRefused(
        EXIT.failed,
        `remote control is refused by its broker: ${answer.error}`,
      );
    }
    if ('error' in answer) {
      throw new UserError(
        EXIT.failed,
        `its broker cannot be asked: ${answer.error}`,
        'The next run tries again.',
      );
    }
    if (answer.replies.length > 0) return answer.replies;
  }
  return [];
}
