import { isRunning } from '../../model/unit-state.ts';
import type { Config } from '../../config/schema/schema.ts';
import { readLinesOf } from '../../host/kernel-files.ts';
import { guessBroker } from '../../kinds/celery/guess-broker.ts';
import type { Candidate } from '../../kinds/shared/proposal.ts';
import type { Unusable } from './proposal/types.ts';
import { readLinks, socketInode } from '../../host/sockets/listeners.ts';
import type { LoadRequest } from '../../measure/load.ts';
import { toUnitMemory } from '../../targets/systemd/unit-facts.ts';
import { readUnitSources } from '../../targets/systemd/unit-sources.ts';
import { readMemoryMb } from '../../measure/worker-memory.ts';
import { readProcess } from '../../host/proc/proc.ts';
import { findWorkerTree, type WorkerTree } from '../../kinds/worker-tree.ts';
import { firstLine, runSystemctl } from '../../targets/systemd/systemctl.ts';
import type { UnitState } from '../../model/unit-state.ts';
import { isUnitName, readUnits } from '../../targets/systemd/units.ts';
import { EXIT, UserError } from '../../errors.ts';
import { assumeRunning } from '../../targets/systemd/unit-file/locate/assume-running.ts';
import type { UnitSources, WorkerCommand } from '../../targets/systemd/unit-file/syntax/types.ts';
import { kindNamed } from '../../kinds/registry.ts';
import {
  locateWorkers,
  readCommandFacts,
  readConcurrency,
  readWorkerCommand,
} from '../../targets/systemd/unit-file/locate/workers.ts';
import { declareKinds } from '../shared/declare-kinds.ts';
import { askWorker } from './worker.ts';

/** What stands in a call of systemctl at once. */
const BATCH = 300;

const TABLE_BYTES = 64 * 2 ** 20;
const ROWS = ['--type=service', '--plain', '--no-legend', '--full'];

/** All services of the host that run Gunicorn or Celery, by what they run, and those that seem to. */
export interface Scan {
  candidates: Candidate[];
  unusable: Unusable[];
  /** services that were looked at, by name */
  units: ReadonlyMap<string, UnitState>;
}

/** Looks at all services that are loaded, running or not, and at those that start with the host. @throws UserError */
export async function scanServices(config: Config): Promise<Scan> {
  const names = await listServices();
  const units = new Map<string, UnitState>();
  for (let at = 0; at < names.length; at += BATCH) {
    const read = await readUnits(names.slice(at, at + BATCH));
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
  const loads = await measureLoads(requests, trees, toUnitMemory());
  return candidates.map((candidate) => {
    const { busy_percent: busy, backlog } = loads.get(candidate.service) ?? {};
    const unseen = [
      ...(busy === null ? (['busy'] as const) : []),
      ...(backlog === null ? (['backlog'] as const) : []),
    ];
    return unseen.length === 0 ? candidate : { ...candidate, unseen };
  });
}

async function listServices(): Promise<string[]> {
  const calls = [
    ['list-units', '--all', ...ROWS],
    ['list-unit-files', '--state=enabled', ...ROWS],
  ];
  const names: string[] = [];
  for (const args of calls) {
    const { exitCode, stdout, stderr } = await runSystemctl(args, 20_000);
    // systemd 257 ends with 1 and says nothing where nothing is listed
    if (exitCode !== 0 && stderr.trim() !== '') {
      throw new UserError(EXIT.failed, `systemctl ${args[0]}: ${firstLine(stderr)}`);
    }
    names.push(...stdout.split('\n').map((line) => line.trim().split(' ', 1)[0] ?? ''));
  }
  return [...new Set(names)].filter((name) => isUnitName(name));
}

/** null: it runs something else. */
async function lookAt(unit: UnitState, config: Config): Promise<Candidate | Unusable | null> {
  const found = await findWorkerTree(unit);
  const tree = 'error' in found ? null : found;
  const sources = readSources(unit);
  if ('error' in sources) {
    if (tree === null) return null;
    return { service: unit.id, why: sources.error, hint: 'Run it as root (sudo).' };
  }
  const located = locateWorkers(sources);
  const count = tree === null || tree.workerPids.length === 0 ? null : tree.workerPids.length;
  const location = assumeRunning(located, count);
  if (location.how === 'refused') {
    const { kind, code, message, hint } = location;
    // they belong beside workers and have none of their own: nothing is amiss
    if (code === 'beat_or_flower') return null;
    const isOne = kind !== null || tree !== null || code === 'uvicorn_only';
    return isOne ? { service: unit.id, why: message, hint } : null;
  }
  const { kind, workers } = location;
  const { words, variables, argv } = readCommand(sources, tree);
  const memoryMb = tree === null ? null : readMemoryMb(tree.workerPids);
  const { queues: written, ...surveyed } = kindNamed(kind).proposals.survey({
    ...{ words, argv, variables, concurrency: readConcurrency(sources) },
    pool: readCommandFacts(sources)?.pool ?? null,
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

function readSources(unit: UnitState): UnitSources | { error: string } {
  try {
    return readUnitSources(unit);
  } catch (error) {
    return { error: (error as Error).message };
  }
}

/** The command as the unit has it, for its title may hide what a process was started with; its variables as they run. */
function readCommand(
  sources: UnitSources,
  tree: WorkerTree | null,
): WorkerCommand & { argv: string[] } {
  const written = readWorkerCommand(sources);
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
