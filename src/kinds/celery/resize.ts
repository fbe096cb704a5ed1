import type { KindDeps, WorkerTree, Resized, PoolChange } from '../ports.ts';
import { EXIT, UserError } from '../../errors.ts';
import { cleanText } from '../../model/clean-text.ts';
import { asObject } from '../../model/foreign-json.ts';
import { askCelery, findNode } from './ask-node.ts';
import { watchPoolSize, type CelerySize } from './pool-size.ts';
import { celeryPorts } from './ports.ts';
import { portOf } from '../shared/port-of.ts';
import { readPool, watch, type Pool } from '../shared/pool.ts';

/** How often a pool that is busy is asked to shrink in one run. */
const SHRINK_TRIES = 4;
/** What has done nothing for this long does not stand between two tasks. */
const IDLE_MS = 200;
/** How often a pool is looked at for idle processes before it is asked. */
const IDLE_LOOKS = 12;

/**
 * Why the pool cannot be changed by remote control; null: it can, and the very process that is meant has answered.
 *
 * @throws UserError where the broker cannot be asked: nothing is known then
 */
export async function findObstacle(
  service: string,
  tree: WorkerTree,
  deps: KindDeps,
): Promise<string | null> {
  const found = await findNode(service, tree.masterPid, deps);
  if ('obstacle' in found) return found.obstacle;
  const { pool, autoscaler } = found;
  if (pool !== null && !/prefork/.test(pool)) return `its pool is ${pool}, not prefork`;
  if (autoscaler) return 'Celery sizes the pool itself (autoscale)';
  return null;
}

/**
 * Brings a prefork pool to `target` processes by remote control addressed to this worker's node alone. It
 * starts new processes when it looks after itself the next time, every 5 s (celery/concurrency/asynpool.py). A
 * pool that is busy gives up idle processes only: it is asked several times, then the rest is left to later
 * runs (`partly`).
 */
export async function resize(change: PoolChange, target: number, deps: KindDeps): Promise<Resized> {
  const { service } = change;
  const { reactMs, stillMs } = deps.timing;
  // another run, or this one before it was to go back, may have asked it to grow
  const isAgain = change.isResumed || change.isUndoing;
  const sizeOf = watchPoolSize(service, deps);
  const first = await readPool(service, deps);
  const look = () => readPool(service, deps, first);
  const node = portOf(celeryPorts, deps).control.nodeOf(first.masterPid);
  if (node === null) throw new UserError(EXIT.failed, 'the name of its node cannot be determined');
  let now = await readStillSize(look, sizeOf, isAgain ? reactMs + stillMs : stillMs, deps);
  for (let tries = 0; now.size !== target; tries++) {
    const missing = target - now.size;
    if (missing < 0 && tries >= SHRINK_TRIES) return 'partly';
    if (tries >= SHRINK_TRIES) {
      throw new UserError(
        EXIT.failed,
        `${node} was asked for ${missing} more processes and has not started them`,
      );
    }
    const readSize = async () => sizeOf.of(await look());
    // Celery counts those that it has just ended for a moment more: only what is there can be too much
    const spare = Math.min(now.size, now.pool.workerPids.length) - target;
    if (missing < 0 && spare <= 0) {
      await watch(readSize, (size) => size === target, reactMs, deps);
      now = await readStillSize(look, sizeOf, stillMs, deps);
      continue;
    }
    const wanted = missing > 0 ? missing : -(await countIdle(now.pool, spare, deps));
    if (wanted === 0) return 'partly';
    const isAnswered = await demand(service, node, wanted, deps);
    // idle processes end at once, busy ones not for long
    const limitMs = missing > 0 ? 2 * reactMs : stillMs;
    await watch(readSize, (size) => size === target, limitMs, deps);
    now = await readStillSize(look, sizeOf, stillMs, deps);
    // it may still come to it: a second demand would be made beside the first
    if (!isAnswered && now.size !== target) return giveUp(node, missing, deps);
  }
  return 'done';
}

/**
 * The pool and its size once nothing has changed for `stillMs`, so that one that is about to grow is not taken for small;
 * after `stillLimitMs` as it is then. It is asked itself in the end: whatever is asked of it follows from that.
 */
async function readStillSize(
  look: () => Promise<Pool>,
  sizeOf: CelerySize,
  stillMs: number,
  deps: KindDeps,
): Promise<{ pool: Pool; size: number }> {
  const begin = deps.monotonicMs();
  let since = begin;
  let before = '';
  let isAsked = false;
  for (;;) {
    const pool = await look();
    const size = await (isAsked ? sizeOf.ask(pool) : sizeOf.of(pool));
    const nowMs = deps.monotonicMs();
    // where they come and go the number alone can stand still
    const key = sizeOf.isReplacing() ? `${size}` : pool.workerPids.join(' ');
    if (key !== before) since = nowMs;
    before = key;
    const isStill = nowMs - since >= stillMs || nowMs - begin >= deps.timing.stillLimitMs;
    if (isStill && (isAsked || sizeOf.isReplacing())) return { pool, size };
    isAsked = isStill;
    if (!isStill) await deps.sleep(deps.timing.livePollMs);
  }
}

/** How many processes, of `most` that are wanted, are idle for sure; waits for them for a while. */
async function countIdle(
  { masterPid, workerPids }: Pool,
  most: number,
  deps: KindDeps,
): Promise<number> {
  let count = 0;
  const { readIdle } = portOf(celeryPorts, deps);
  let before = readIdle(masterPid, workerPids);
  for (let looks = 0; looks < IDLE_LOOKS && count < most; looks++) {
    await deps.sleep(IDLE_MS);
    const now = readIdle(masterPid, workerPids);
    // what is not to be seen is left to Celery
    if (now === null || before === null) return most;
    count = 0;
    for (const [pid, mark] of now) if (before.get(pid) === mark) count += 1;
    before = now;
  }
  return Math.min(count, most);
}

/** What the worker has not dealt with: one that is to be smaller is so in one of the next runs. */
function giveUp(node: string, missing: number, { timing }: KindDeps): 'partly' {
  if (missing < 0) return 'partly';
  throw new UserError(
    EXIT.failed,
    `${node} was asked for ${missing} more processes, has not answered, and has not started them within ${(2 * timing.reactMs) / 1000} s`,
  );
}

/** Whether the worker has answered: it deals with messages in their order, and perhaps not now. */
async function demand(
  service: string,
  node: string,
  missing: number,
  deps: KindDeps,
): Promise<boolean> {
  const method = missing > 0 ? 'pool_grow' : 'pool_shrink';
  deps.step(`remote control ${method}`);
  const command = { method, arguments: { n: Math.abs(missing) } } as const;
  const replies = await askCelery(service, node, command, deps, 1);
  const refused = replies.map(readError).find((error) => error !== null) ?? null;
  // "Can't shrink pool. All processes busy!": those that were idle are gone all the same
  if (refused === null || /busy/i.test(refused)) return replies.length > 0;
  throw new UserError(EXIT.failed, `${node} refuses ${method}: ${refused}`);
}

function readError(reply: unknown): string | null {
  const { error } = asObject(reply);
  return typeof error === 'string' ? cleanText(error) : null;
}
