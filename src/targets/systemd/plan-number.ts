import type { Refusal } from '../../kinds/command/source.ts';
import { isRunning, type UnitState } from '../../model/unit-state.ts';
import { assumeRunning } from '../assume-running.ts';
import type { PlannedNumber, WantedNumber } from '../target.ts';
import { daemonReload } from './actions.ts';
import { findSharedPaths } from './shared-paths.ts';
import { locateWorkers, readCommandFacts } from './unit-file/locate/workers.ts';
import { ourEnvironmentPath } from './unit-file/our-files.ts';
import { setNumber } from './unit-file/set-number.ts';
import type { UnitSources } from './unit-file/syntax/types.ts';
import { readUnitSources } from './unit-sources.ts';
import { readUnits } from './units.ts';

/**
 * The edits for one unit from its files as they are now, or why it cannot be changed. Only here are other units searched
 * for files that they share: that is expensive, and a cycle that changes nothing does not need it.
 */
export async function planNumber(
  found: UnitState,
  { to, edit, mayReload, countRunning }: WantedNumber,
): Promise<PlannedNumber | Refusal> {
  const unit = mayReload && found.needDaemonReload ? await reload(found) : found;
  const sharedPaths = await findSharedPaths(unit);
  const sources = { ...readUnitSources(unit), sharedPaths, edit };
  const located = locateWorkers(sources);
  const isAssumed = located.how === 'drop_in' && located.assumed;
  const location = isAssumed ? assumeRunning(located, await countRunning(unit)) : located;
  if (location.how === 'refused') return location;
  const { kind, workers: from } = location;
  return {
    ...{ unit, kind, from, pool: readCommandFacts(sources)?.pool ?? null },
    ...setNumber({
      ...{ location, to, texts: textsOf(sources) },
      running: isRunning(unit) ? unit.unit : null,
    }),
  };
}

function textsOf({
  unit,
  fragment,
  dropIns,
  environmentFiles,
  ourEnvironment,
}: UnitSources): Map<string, string> {
  const ours = { path: ourEnvironmentPath(unit), text: ourEnvironment };
  return new Map(
    [fragment, ...dropIns, ...environmentFiles, ours].flatMap((file): [string, string][] =>
      file === null || file.text === null ? [] : [[file.path, file.text]],
    ),
  );
}

async function reload(unit: UnitState): Promise<UnitState> {
  await daemonReload();
  const read = (await readUnits([unit.unit])).get(unit.unit);
  return read === undefined ? unit : { ...read, kind: unit.kind };
}
