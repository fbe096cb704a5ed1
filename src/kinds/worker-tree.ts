import { readUnitProcesses, type Process } from '../host/proc/proc.ts';
import type { KindName } from '../model/types.ts';
import type { UnitState } from '../model/unit-state.ts';
import type { FindAside, Master, ProcessReader, Program } from './kind.ts';
import { declaredProgram, readProgram } from './program.ts';
import { kindNamed, KINDS } from './registry.ts';

/** The processes of a service: its main process (a Gunicorn master, Celery's main process), and its workers. */
export interface WorkerTree extends Program {
  masterPid: number;
  /** start of the master, in clock ticks since boot */
  masterStartTicks: number;
  workerPids: number[];
  /** that its master has started a second one, as in an upgrade, as a sentence; missing: it has not */
  upgrade?: string;
}

/** Why the processes of a service are not told apart. */
export interface NoTree {
  error: string;
  /** they could not be looked at: there may be any */
  unreadable?: boolean;
  /** there is none at all */
  empty?: boolean;
  /** there is more than one master */
  masters?: number[];
  /** there are processes, and none of them shows that it is the master */
  unseen?: true;
  /** what came up while they were looked at is a bug of ours */
  isBug?: true;
}

/**
 * The workers of a service as its processes show them, whatever stands above the master: the forks of
 * the master alone, so that what the master or a worker has started (a resource tracker, the second
 * master of an upgrade, programs of the app) does not count, nor do Celery's embedded beat and Gunicorn's dirty arbiter.
 * Where none of them shows that it is one, the main process is the master of the `kind` that the config says.
 */
export function findWorkerTree(
  unit: Pick<UnitState, 'mainPid' | 'controlGroup' | 'kind'>,
): Promise<WorkerTree | NoTree> {
  const processes = readUnitProcesses(unit);
  return Promise.resolve(
    'error' in processes
      ? { ...processes, unreadable: true }
      : selectWorkerTree(processes, unit.mainPid, unit.kind),
  );
}

/** The same among processes that were read already; `mainPid` is what systemd calls the main process. */
export function selectWorkerTree(
  processes: ReadonlyMap<number, Process>,
  mainPid: number | null,
  kind?: KindName,
  findAside?: FindAside,
): WorkerTree | NoTree {
  if (processes.size === 0) return { error: 'it has no processes', empty: true };
  const masters = findMasters(processes);
  // those that a killed master has left behind look like masters and end soon
  const below = masters.filter(({ process }) => hasAncestor(process, mainPid, processes));
  const [seen, second] = below.length > 0 ? below : masters;
  const master = seen ?? declareMaster(processes.get(mainPid ?? 0), kind);
  if (master === null) {
    const error = `none of its processes is ${KINDS.map(({ words }) => words.main).join(' or ')}`;
    return { error, unseen: true };
  }
  if (second !== undefined) {
    const pids = [master.process.pid, second.process.pid];
    return {
      error: `it has more than one master (processes ${pids.join(' and ')})`,
      masters: pids,
    };
  }
  const { process, program } = master;
  if (kind !== undefined && program.kind !== kind) {
    return {
      error: `the config says "kind": "${kind}", but process ${process.pid} is that of ${kindNamed(program.kind).words.process}`,
      unseen: true,
    };
  }
  const reader = kindNamed(program.kind).processes;
  const children = [...processes.values()].filter((child) => isWorker(child, process, reader));
  const aside = (findAside ?? reader.findAside)(children, process, processes);
  const forks = children.filter((child) => child !== aside);
  const workers = reader.selectWorkers(forks, program);
  if ('error' in workers) return workers;
  const upgrade = reader.tellUpgrade(process, processes);
  return {
    ...program,
    masterPid: process.pid,
    masterStartTicks: process.startTicks,
    workerPids: workers.map(({ pid }) => pid),
    ...(upgrade !== null && { upgrade }),
  };
}

/** The main process, where the config says what it is; null: it does not, or there is none. */
function declareMaster(process: Process | undefined, kind: KindName | undefined): Master | null {
  if (process === undefined || kind === undefined || process.isCut === true) return null;
  return { process, program: declaredProgram(process.argv, kind) };
}

function findMasters(processes: ReadonlyMap<number, Process>): Master[] {
  const found = new Map<number, Master>();
  // forks share theirs
  const programs = new Map<readonly string[], Program | null>();
  for (const process of processes.values()) {
    const { argv, isCut } = process;
    const program = isCut === true ? null : (programs.get(argv) ?? readProgram(argv));
    programs.set(argv, program);
    if (program !== null) found.set(process.pid, { process, program });
  }
  return [...found.values()].filter(({ process }) => {
    const parent = processes.get(process.parentPid);
    return parent === undefined || !hasAncestor(parent, found, processes);
  });
}

/** Whether the process itself or one above it is `wanted`. A number used again while they were read may make a ring of them. */
function hasAncestor(
  process: Process,
  wanted: number | null | ReadonlyMap<number, unknown>,
  processes: ReadonlyMap<number, Process>,
): boolean {
  let at: Process | undefined = process;
  for (let left = processes.size; at !== undefined && left > 0; left--) {
    if (typeof wanted === 'object' ? wanted?.has(at.pid) : at.pid === wanted) return true;
    at = processes.get(at.parentPid);
  }
  return false;
}

function isWorker(child: Process, master: Process, reader: ProcessReader): boolean {
  if (child.parentPid !== master.pid) return false;
  const titled = reader.titled(child.argv[0] ?? '');
  if (titled === 'aside') return false;
  // another user's stack is not shown: then its command line or its title must do
  if (child.stackStart !== 0) return child.stackStart === master.stackStart;
  return titled === 'worker' || child.argv.join('\0') === master.argv.join('\0');
}
