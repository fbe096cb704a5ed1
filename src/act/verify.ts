import type { KindName } from '../model/types.ts';
import type { UnitState } from '../model/unit-state.ts';
import { watchComputing } from '../kinds/shared/computing.ts';
import type { Waited } from './leave.ts';
import { watchKills } from './oom-kills.ts';
import type { Patience } from '../kinds/shared/patience.ts';
import type { PoolSize, KindActions } from '../kinds/actions.ts';
import { kindNamed } from '../kinds/registry.ts';
import type { ActDeps } from './ports.ts';
import { watchRecycling, type Recycling } from '../kinds/shared/recycling.ts';

/** What a service must show. */
export interface Expectation {
  service: string;
  kind: KindName;
  workers: number;
  /** more may run for a while: they are busy and go later */
  atLeast?: boolean;
  /** besides as many that serve there may be some that never did */
  mayLoad?: boolean;
  /** false: the workers are no processes, so that only the rest can be verified */
  countable: boolean;
}

/** `running` is null where workers cannot be counted; `left`: it does not serve yet, and is not waited for any longer here. */
export type Verdict =
  { ok: true; running: number | null } | { ok: false; why: string } | { left: Waited };

/** How long it is waited for, besides the limits below. */
export interface Waiting {
  patience: Patience;
  /** what runs before have waited for it; null: nothing */
  waited: Waited | null;
}

/** After this many looks at a service that does not serve, looks become less frequent. */
const QUICK_LOOKS = 20;

/**
 * Whether a service serves with its new number: within `verifyMs` it is active with exactly that many
 * workers, and for `settleMs` it stays so, with the same main process, no restart by systemd, and (for
 * Gunicorn) no worker that dies soon after its start. Gunicorn's workers must have loaded their
 * application: while all are there and some still do, `bootMs` of the deps is the limit. Celery's children may come and go with each
 * task (`--max-tasks-per-child`): then the size of the pool counts; one that cannot live takes the main process with it.
 * So may Gunicorn's (`--max-requests`): see recycling.ts.
 */
export async function verifyService(
  expected: Expectation,
  deps: ActDeps,
  { patience, waited }: Waiting,
): Promise<Verdict> {
  const { verifyMs, settleMs, pollMs, slowPollMs } = deps.timing;
  const begin = deps.monotonicMs();
  const start = waited?.since_ms ?? begin;
  const births = new Map<number, number>();
  let window: { since: number; key: string } | null = null;
  let before: Look | null = null;
  let beforeMs = begin;
  let loadingMs = waited?.loading_ms ?? 0;
  let neverServed = 0;
  let hasServed = false;
  const isComputing = watchComputing(deps);
  const { pool, actions } = kindNamed(expected.kind);
  const { watchSize, listServing, mayRecycle: asksRecycling } = await actions();
  const sizeOf = watchSize(expected.service, deps);
  const killsOf = watchKills(deps);
  const recycling = watchRecycling(expected.workers);
  for (;;) {
    const look = await observe(expected, { sizeOf, killsOf, listServing }, deps);
    const bootMs = look.unit === null ? verifyMs : await deps.bootMs(look.unit);
    const now = deps.monotonicMs();
    if (isComputing(look)) deps.getsOn();
    const mayRecycle =
      look.unit !== null && look.serving !== null && (await asksRecycling(look.unit, deps));
    const isFault = (pid: number): boolean => !mayRecycle || !recycling.hasServed(pid);
    const died = trackWorkers(births, look.workerPids, now, isFault);
    const early = !pool.comeAndGo && expected.mayLoad !== true && died !== null && died < settleMs;
    const isReplacing = mayRecycle && isExplained(look, { recycling, nowMs: now, bootMs });
    const why =
      (isReplacing ? null : look.why) ??
      (early ? `a worker died ${seconds(died)} after its start` : null);
    if (before !== null && before.loading.length > 0) loadingMs += now - beforeMs;
    neverServed += before?.loading.filter((pid) => !look.workerPids.includes(pid)).length ?? 0;
    if (neverServed > expected.workers && expected.mayLoad !== true) {
      return { ok: false, why: 'its workers keep dying while they load the application' };
    }
    if (why !== null || window?.key !== look.key) window = null;
    if (window === null) {
      if (look.final) return { ok: false, why: why ?? 'it failed' };
      const limitMs = look.loading.length > 0 ? bootMs : Math.min(bootMs, verifyMs + loadingMs);
      if (now - start > limitMs) {
        return { ok: false, why: why ?? `it does not settle within ${seconds(limitMs)}` };
      }
      if (why === null) window = { since: now, key: look.key };
      else deps.waitsFor(expected.service, why, start, limitMs);
      if (why !== null && patience() === 'leave')
        return { left: { since_ms: start, loading_ms: loadingMs } };
    }
    if (window !== null && !hasServed) {
      hasServed = true;
      deps.getsOn();
    }
    // while some are being replaced, the look that proves it is one at which all are there
    if (window !== null && now - window.since >= settleMs && look.why === null) {
      return { ok: true, running: look.count };
    }
    before = look;
    beforeMs = now;
    const isSlow = window === null && now - begin > QUICK_LOOKS * pollMs;
    await deps.sleep(isSlow ? slowPollMs : pollMs);
  }
}

interface Look {
  /** what is not as it should be; null: all is */
  why: string | null;
  /** it will not get better by waiting */
  final: boolean;
  /** where all workers are there: those that have not loaded their application yet */
  loading: number[];
  /** Gunicorn's workers that have loaded it, whether all are there or not; null: they are not seen */
  serving: number[] | null;
  /** what must stay the same while it settles */
  key: string;
  workerPids: number[];
  /** how many workers it has; null: not countable */
  count: number | null;
  cpuUsageNs: number | null;
  /** null: systemd does not know it */
  unit: UnitState | null;
}

async function observe(
  expected: Expectation,
  {
    sizeOf,
    killsOf,
    listServing,
  }: {
    sizeOf: PoolSize;
    killsOf: ReturnType<typeof watchKills>;
    listServing: KindActions['listServing'];
  },
  deps: ActDeps,
): Promise<Look> {
  const { target } = deps;
  const unit = (await target.readStates([expected.service])).get(expected.service);
  if (unit === undefined) return bad('the service is not known', null, true);
  const kills = killsOf(unit.controlGroup);
  if (kills !== null) return bad(kills, unit, true);
  const fault = target.verify(unit, expected.countable);
  if (fault !== null) return bad(fault.why, unit, fault.isFinal);
  const key = identify(unit);
  const { cpuUsageNs } = unit;
  if (!expected.countable) return { ...GOOD, key, workerPids: [], count: null, cpuUsageNs, unit };
  const tree = await deps.findWorkerTree(unit);
  if ('error' in tree) return bad(tree.error, unit, false);
  const { masterPid, masterStartTicks, workerPids } = tree;
  const count = await sizeOf.of(tree);
  const whose = `${key} ${masterPid} ${masterStartTicks}`;
  const serving = listServing(workerPids, deps);
  const look = { ...GOOD, key: whose, workerPids, serving, count, cpuUsageNs, unit };
  if (expected.atLeast === true ? count < expected.workers : count !== expected.workers) {
    return {
      ...look,
      why: `${count === 1 ? '1 worker running' : `${count} workers running`}, expected ${expected.workers}`,
    };
  }
  const loading = serving === null ? [] : workerPids.filter((pid) => !serving.includes(pid));
  const isEnough = expected.mayLoad === true && count - loading.length >= expected.workers;
  if (loading.length === 0 || isEnough) return look;
  return { ...look, loading, why: tellLoading(loading.length, count) };
}

function tellLoading(loading: number, count: number): string {
  return `${loading} of ${count} workers ${loading === 1 ? 'does' : 'do'} not serve yet`;
}

function isExplained(
  { workerPids, serving, why }: Look,
  { recycling, ...times }: { recycling: Recycling; nowMs: number; bootMs: number },
): boolean {
  return recycling.explains({
    ...{ workerPids, serving: serving ?? [], isComplete: why === null },
    ...times,
  });
}

const GOOD = { why: null, final: false, loading: [], serving: null };

function bad(why: string, unit: UnitState | null, final: boolean): Look {
  const cpuUsageNs = unit?.cpuUsageNs ?? null;
  return { ...GOOD, why, final, key: '', workerPids: [], count: null, cpuUsageNs, unit };
}

function identify(unit: UnitState): string {
  return `${unit.mainPid} ${unit.mainStartUs} ${unit.nRestarts}`;
}

/** Notes when each worker was first seen; answers the age of the youngest one whose end is a fault, or null. */
function trackWorkers(
  births: Map<number, number>,
  pids: number[],
  now: number,
  isFault: (pid: number) => boolean,
): number | null {
  let youngest: number | null = null;
  for (const [pid, born] of births) {
    if (pids.includes(pid)) continue;
    births.delete(pid);
    if (isFault(pid)) youngest = Math.min(youngest ?? Infinity, now - born);
  }
  for (const pid of pids) if (!births.has(pid)) births.set(pid, now);
  return youngest;
}

function seconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}
