import { isRunning } from '../../model/unit-state.ts';
import type { Config } from '../../config/schema/schema.ts';
import { readLinesOf } from '../../host/kernel-files.ts';
import { guessBroker } from '../../queues/guess-broker.ts';
import type { Candidate } from '../../kinds/shared/proposal.ts';
import type { Unusable } from './proposal/types.ts';
import { readLinks, socketInode } from '../../host/sockets/listeners.ts';
import type { LoadRequest } from '../../measure/load.ts';
import { readMemoryMb } from '../../measure/worker-memory.ts';
import { readProcess } from '../../host/proc/proc.ts';
import { findWorkerTree, type WorkerTree } from '../../kinds/worker-tree.ts';
import type { UnitState } from '../../model/unit-state.ts';
import { kindNamed } from '../../kinds/registry.ts';
import { assumeRunning } from '../../targets/assume-running.ts';
import { TARGET } from '../../targets/registry.ts';
import type { Declared, WorkerCommand } from '../../targets/target.ts';
import { declareKinds } from '../shared/declare-kinds.ts';
import { askWorker } from './worker.ts';

/** What stands in a call of systemctl at once. */
const BATCH = 300;

const TABLE_BYTES = 64 * 2 ** 20;

/** All services of the host that run Gunicorn or Celery, by what they run, and those that seem to. */
export interface Scan {
  candidates: Candidate[];
  unusable: Unusable[];
  /** services that were looked at, by name */
  units: ReadonlyMap<string, UnitState>;
}

/** Looks at all services that are loaded, running or not, and at those that start with the host. @throws UserError */
export async function scanServices(config: Config): Promise<Scan> {
  const names = await TARGET.find();
  const units = new Map<string, UnitState>();
  for (let at = 0; at < names.length; at += BATCH) {
    const read = await TARGET.readStates(names.slice(at, at + BATCH));
    for (const unit of declareKinds(read, config).values()) {
      if (unit.loadState === 'loaded') units.set(unit.id, { ...unit, unit: unit.id });
    }
  }
  const scan: Scan = { candidates: [], unusable: [], units };
  for (const unit of [...units.values()].sort((a, b) => (a.id < b.id ? -1 : 1))) {
    const found = await lookAt(unit, config);
    if (found === null) continue;
    if ('why' in found) scan.unusable.push(found);
    else scan.candidates.push(found);
  }
  return { ...scan, candidates: await withUnseen(scan) };
}

/** What of running services cannot be measured here is nothing to go by: it is looked at once, as each run would. */
async function withUnseen({ candidates, units }: Scan): Promise<Candidate[]> {
  const requests = candidates.flatMap(({ service, kind, workerClass }): LoadRequest[] => {
    const unit = units.get(service);
    const { busyness } = kindNamed(kind).load;
    if (busyness === null || unit === undefined || !isRunning(unit)) return [];
    const busy = workerClass === 'sync' || workerClass === 'gthread';
    return [{ unit, busy, backlog: true, ifMeasured: true }];
  });
  const { readWorkerTrees } = await import('../../measure/worker-trees.ts');
  const trees = await readWorkerTrees(requests.map(({ unit }) => unit));
  const { measureLoads } = await import('../../measure/load.ts');
  const loads = await measureLoads(requests, trees, TARGET.remember());
  return candidates.map((candidate) => {
    const { busy_percent: busy, backlog } = loads.get(candidate.service) ?? {};
    const unseen = [
      ...(busy === null ? (['busy'] as const) : []),
      ...(backlog === null ? (['backlog'] as const) : []),
    ];
    return unseen.length === 0 ? candidate : { ...candidate, unseen };
  });
}

/** null: it runs something else. */
async function lookAt(unit: UnitState, config: Config): Promise<Candidate | Unusable | null> {
  const found = await findWorkerTree(unit);
  const tree = 'error' in found ? null : found;
  const declared = await readDeclared(unit);
  if ('error' in declared) {
    if (tree === null) return null;
    return { service: unit.id, why: declared.error, hint: 'Run it as root (sudo).' };
  }
  const count = tree === null || tree.workerPids.length === 0 ? null : tree.workerPids.length;
  const location = assumeRunning(declared.location(), count);
  if (location.how === 'refused') {
    const { kind, code, message, hint } = location;
    // they belong beside workers and have none of their own: nothing is amiss
    if (code === 'beat_or_flower') return null;
    const isOne = kind !== null || tree !== null || code === 'uvicorn_only';
    return isOne ? { service: unit.id, why: message, hint } : null;
  }
  const { kind, workers } = location;
  const command = declared.command();
  const { words, variables, argv } = readCommand(command, tree);
  const memoryMb = tree === null ? null : readMemoryMb(tree.workerPids);
  const { queues: written, ...surveyed } = kindNamed(kind).proposals.survey({
    ...{ words, argv, variables, concurrency: command?.concurrency ?? null },
    pool: command?.pool ?? null,
    hasWorkers: tree === null || tree.workerPids.length > 0,
    guessBroker: () => (tree === null ? null : guess(tree.masterPid)),
  });
  const { obstacle, queues } = await askWorker(unit, { kind, broker: surveyed.broker }, config);
  return {
    ...{ service: unit.id, kind, workers, ...surveyed, queues: queues ?? written },
    workerMb: memoryMb === null || count === null ? null : memoryMb / count,
    hasCpu: !isRunning(unit) || unit.cpuUsageNs !== null,
    obstacle,
  };
}

async function readDeclared(unit: UnitState): Promise<Declared | { error: string }> {
  try {
    return await TARGET.locate(unit);
  } catch (error) {
    return { error: (error as Error).message };
  }
}

/** The command as the unit has it, for its title may hide what a process was started with; its variables as they run. */
function readCommand(
  written: WorkerCommand | null,
  tree: WorkerTree | null,
): Pick<WorkerCommand, 'words' | 'variables'> & { argv: string[] } {
  const { argv, environ } = readMaster(tree);
  const running = environ.split('\0').map((entry): [string, string] => {
    const equals = entry.indexOf('=');
    return [entry.slice(0, equals), entry.slice(equals + 1)];
  });
  return {
    argv,
    words: written?.words ?? argv,
    variables: new Map([...(written?.variables ?? []), ...running]),
  };
}

function guess(masterPid: number): string | null {
  try {
    const inodes = new Set(
      [...readLinks(masterPid).values()].map(socketInode).filter((inode) => inode !== null),
    );
    return (
      guessIn(`/proc/${masterPid}/net/tcp`, inodes) ??
      guessIn(`/proc/${masterPid}/net/tcp6`, inodes)
    );
  } catch {
    // another user's process, no IPv6, or very many connections
    return null;
  }
}

function guessIn(path: string, inodes: ReadonlySet<string>): string | null {
  return guessBroker(readLinesOf(path, TABLE_BYTES), inodes);
}

function readMaster(tree: WorkerTree | null): { argv: string[]; environ: string } {
  if (tree === null) return { argv: [], environ: '' };
  const { argv = [], environ } = readProcess(tree.masterPid) ?? {};
  return { argv, environ: environ === undefined || environ.isCut ? '' : environ.text };
}
