import type { Served } from '../model/served.ts';
import type { UnitState } from '../model/unit-state.ts';
import type { Change } from './journal/checkpoint.ts';
import type { Patience } from '../kinds/shared/patience.ts';
import type { ActDeps } from './ports.ts';
import { readUnit } from '../kinds/shared/unit.ts';

/** A program may open a further port when its workers are ready, but the service has been watched for a while before. */
const LATE_MS = 5_000;

/**
 * Where one can connect to a service, as texts; null: nowhere, or it cannot be seen. What was unreachable before is not
 * asked for afterwards.
 */
export async function readReachable(unit: UnitState, deps: ActDeps): Promise<string[] | null> {
  const served = await readServed(unit, deps);
  const open = served?.filter(({ fault }) => fault === null).map(({ address }) => address) ?? [];
  return open.length === 0 ? null : open;
}

/** `moved`: it listens elsewhere now, as a sentence; null: all is as before. */
export type ServedVerdict = { moved: string | null } | { wrong: string } | 'left';

/**
 * Whether one can connect to a service wherever one could before it was restarted. One that listens at other places
 * instead, where one can connect, was told to by somebody who has edited its configuration since it was started: to take
 * our change back would not change that, so it is said, and no failure. Where it listens at fewer places, or at one where
 * nobody can connect, the change has failed.
 */
export async function proveServed(
  { manifest: { listeners, before, resize, service } }: Change,
  deps: ActDeps,
  patience: Patience,
): Promise<ServedVerdict> {
  if (listeners === undefined || before.boot !== deps.bootId()) return { moved: null };
  const beginMs = deps.monotonicMs();
  for (;;) {
    const unit = await readUnit(service, deps);
    if (resize !== 'restart' && unit.mainStartUs === before.main_start_us) return { moved: null };
    const served = await readServed(unit, deps);
    if (served === null) return { moved: null };
    const lost = listeners.filter((address) => !isOpen(address, served));
    if (lost.length === 0) return { moved: null };
    const news = served.filter(
      ({ address, fault }) => fault === null && !listeners.includes(address),
    );
    const isGone = lost.every((address) => served.every((each) => each.address !== address));
    if (isGone && news.length >= lost.length) return { moved: describeMoved(lost, news) };
    if (deps.monotonicMs() - beginMs > LATE_MS) {
      return { wrong: lost.map((address) => describeLost(address, served)).join('; ') };
    }
    if (patience() === 'leave') return 'left';
    await deps.sleep(deps.timing.pollMs);
  }
}

async function readServed(unit: UnitState, deps: ActDeps): Promise<Served[] | null> {
  const tree = await deps.findWorkerTree(unit);
  return 'error' in tree ? null : deps.readServed(tree.masterPid);
}

function isOpen(address: string, served: readonly Served[]): boolean {
  return served.some((each) => each.address === address && each.fault === null);
}

function describeMoved(lost: readonly string[], news: readonly Served[]): string {
  const now = news.map(({ address }) => address).join(', ');
  return `it listened on ${lost.join(', ')} before and listens on ${now} now, because its configuration was edited after it was started`;
}

function describeLost(address: string, served: readonly Served[]): string {
  const held = served.find((each) => each.address === address);
  const head = `nobody can connect to ${address} any more, which worked before`;
  if (held !== undefined) return `${head}: ${held.fault}`;
  const now = served.map((each) => each.address).join(', ');
  const where = now === '' ? 'on nothing' : `only on ${now}`;
  return `${head}: it listens ${where} now`;
}
