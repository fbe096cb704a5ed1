import type { UnitState } from '../../model/unit-state.ts';
import type { FactsMemory, KnownService, ServiceFacts } from '../target.ts';
import { readFile } from '../../host/files/read.ts';
import { statPath } from '../../host/files/look.ts';
import { countProcessors, readUnitSources } from './unit-sources.ts';

/** The memory of this target; see `FactsMemory`. */
interface UnitMemory extends FactsMemory {
  /** processors in service: Celery's default depends on them */
  cpus: number;
}

/** A file that was changed so short ago may change once more without showing it: its time counts in ticks. */
const YOUNG_MS = 2000;

/** For this run, with what earlier ones knew. */
export function toUnitMemory(units: FactsMemory['units'] = {}): FactsMemory {
  const memory: UnitMemory = {
    ...{ cpus: countProcessors(), units, hasChanged: false },
    readFacts: (unit) => readUnitFacts(unit, memory),
  };
  return memory;
}

/**
 * Where a unit's number of workers stands, and the hash of its files. Reading and understanding them takes most of
 * the time of an idle run, so it is done again only when any of the files has changed (its time, size or inode),
 * or systemd names others.
 *
 * @throws UserError as `readUnitSources`
 */
async function readUnitFacts(unit: UnitState, memory: UnitMemory): Promise<ServiceFacts> {
  const { id, fragmentPath, dropInPaths, environmentFiles, workingDirectory, kind } = unit;
  const from = JSON.stringify([
    ...[id, fragmentPath, dropInPaths, environmentFiles, workingDirectory, kind, memory.cpus],
  ]);
  const known = memory.units[unit.unit];
  if (known?.from === from && known.marks.every(([path, mark]) => markOf(path).mark === mark)) {
    return known.facts;
  }
  const marks = new Map<string, string | null>();
  let isCertain = true;
  const sources = readUnitSources(unit, (path) => {
    // before it is read, so that a change meanwhile shows the next time
    const { mark, isYoung } = markOf(path);
    if (!marks.has(path)) marks.set(path, mark);
    const found = readFile(path);
    if (isYoung || ('fault' in found && found.fault !== 'missing')) isCertain = false;
    return found;
  });
  // the parser of units and Node's crypto are not small
  const { findFacts } = await import('./find-facts.ts');
  const facts = findFacts(sources);
  if (isCertain && facts.location.how !== 'refused') {
    memory.units[unit.unit] = { from, marks: [...marks], facts };
    memory.hasChanged = true;
  }
  return facts;
}

/** Whether the files that facts were made of are as they were. */
export function isCurrent({ marks }: KnownService): boolean {
  return marks.every(([path, mark]) => markOf(path).mark === mark);
}

/** Of what cannot even be looked at, nothing is kept. */
function markOf(path: string): { mark: string | null; isYoung: boolean } {
  try {
    const stat = statPath(path);
    if (stat === undefined) return { mark: null, isYoung: false };
    const { dev, ino, size, mtimeMs, ctimeMs } = stat;
    return {
      mark: [dev, ino, size, mtimeMs, ctimeMs].join(' '),
      isYoung: Math.max(mtimeMs, ctimeMs) > Date.now() - YOUNG_MS,
    };
  } catch {
    return { mark: '', isYoung: true };
  }
}
