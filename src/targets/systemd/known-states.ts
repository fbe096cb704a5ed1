import { existsSync, readlinkSync, statSync } from 'node:fs';
import { monotonicMs } from '../../host/monotonic.ts';
import { readStat } from '../../host/proc/stat.ts';
import type { UnitState } from '../../model/unit-state.ts';
import { readUnits } from './units.ts';

/** What systemd said of a running unit. */
export interface KnownState {
  /** when it was asked, as `monotonicMs` */
  askedMs: number;
  /** by what one sees that it still holds: see `markOf` */
  mark: string;
  state: UnitState;
}

/** What was asked in earlier runs, by the name that was asked for; it goes from run to run. */
export interface KnownStates {
  states: Record<string, KnownState>;
  /** something in it was taken for an answer */
  wasUsed: boolean;
  /** there is something new to be kept */
  hasChanged: boolean;
}

/** In case that something changes without a mark of it, what is known is found out anew once in so long a time. */
export const MAX_AGE_MS = 600_000;

/** Each reload makes the folders of the generators anew (systemd.generator(7)), or looks for them here. */
const RELOADED = [
  '/run/systemd',
  '/run/systemd/generator',
  '/run/systemd/generator.early',
  '/run/systemd/generator.late',
];

/** Here systemd links each unit that is up to the id of its present start (since version 236). */
const STARTS = '/run/systemd/units/invocation:';

/** Where one counts by the unified hierarchy, a group tells itself what systemd would tell of it. */
const UNIFIED = '/sys/fs/cgroup/cgroup.controllers';

/**
 * As `readUnits`, but of a service that goes on as it was when systemd was asked last, the answer of then is taken:
 * neither has systemd read its files anew since, nor was the service started or its main process replaced. What
 * changes while it runs (`needDaemonReload`, `cpuUsageNs`) is of then too, so what is to be changed needs `readUnits`.
 *
 * @throws UserError as `readUnits`
 */
export async function readUnitsAgain(
  names: readonly string[],
  known: KnownStates,
): Promise<Map<string, UnitState>> {
  const nowMs = monotonicMs();
  // before it is asked, so that a reload meanwhile shows the next time
  const reloads = markReloads();
  const units = recallUnitStates(names, known, reloads);
  known.wasUsed = units.size > 0;
  const asked = names.filter((name) => !units.has(name));
  if (asked.length === 0) return units;
  const isTold = existsSync(UNIFIED);
  const states = names.flatMap((name): [string, KnownState][] =>
    units.has(name) ? [[name, known.states[name]!]] : [],
  );
  for (const [name, state] of await readUnits(asked)) {
    units.set(name, state);
    const mark = isTold ? markOf(state, reloads) : null;
    if (mark !== null) states.push([name, { askedMs: nowMs, mark, state }]);
  }
  known.states = Object.fromEntries(states);
  known.hasChanged = true;
  return units;
}

/** The part of `names` of which systemd need not be asked, with its answers of before: see `readUnitsAgain`. */
export function recallUnitStates(
  names: readonly string[],
  { states }: KnownStates,
  reloads = markReloads(),
): Map<string, UnitState> {
  const units = new Map<string, UnitState>();
  const oldestMs = monotonicMs() - MAX_AGE_MS;
  for (const name of names) {
    const found = states[name];
    if (found === undefined || found.askedMs < oldestMs) continue;
    if (found.mark === markOf(found.state, reloads)) units.set(name, found.state);
  }
  return units;
}

function markReloads(): string {
  return RELOADED.map(markPath).join(' ');
}

/** null: it is not one that simply runs, so systemd has to be asked. */
function markOf(state: UnitState, reloads: string): string | null {
  const { id, mainPid, activeState, subState, invocationId, hasPatterns } = state;
  if (activeState !== 'active' || subState !== 'running' || hasPatterns) return null;
  if (mainPid === null || invocationId === null || readStart(id) !== invocationId) return null;
  const main = readStat(mainPid);
  return main === null ? null : `${main.startTicks} ${reloads}`;
}

function readStart(id: string): string | null {
  try {
    return readlinkSync(`${STARTS}${id}`);
  } catch {
    return null;
  }
}

function markPath(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? '' : `${stat.dev}:${stat.ino}:${stat.mtimeMs}:${stat.ctimeMs}`;
}
