import type { UnitState } from '../../model/unit-state.ts';
import type { Declared, WorkerCommand } from '../target.ts';
import { toLocated } from './to-located.ts';
import {
  locateWorkers,
  readCommandFacts,
  readCommandWords,
  readConcurrency,
} from './unit-file/locate/workers.ts';
import type { UnitSources } from './unit-file/syntax/types.ts';
import { readUnitSources } from './unit-sources.ts';

/** What the files of a unit say. @throws UserError as `readUnitSources` */
export function readDeclared(unit: UnitState): Declared {
  const sources = readUnitSources(unit);
  return {
    location: () => toLocated(locateWorkers(sources)),
    command: () => readCommand(sources),
  };
}

function readCommand(sources: UnitSources): WorkerCommand | null {
  const files = new Set<string>();
  const noting: UnitSources = {
    ...sources,
    readFile: (path) => {
      const text = sources.readFile(path);
      if (text !== null) files.add(path);
      return text;
    },
  };
  const facts = readCommandFacts(noting);
  const written = readCommandWords(sources);
  if (facts === null || written === null) return null;
  const { kind, pool } = facts;
  return { kind, pool, ...written, concurrency: readConcurrency(sources), files: [...files] };
}
