import type { Process } from '../../host/proc/proc.ts';
import type { CommandLine, ProcessReader, Program } from '../kind.ts';
import { toCommandLine } from '../python.ts';
import { findDirtyArbiter } from './dirty-arbiter.ts';

/** The processes of a Gunicorn: its master, and the forks of it. */
export const gunicornProcesses: ProcessReader = {
  recognise: (line) => (isMaster(line) ? PROGRAM : null),
  declare: () => PROGRAM,
  titled: (title) => {
    if (title.startsWith('gunicorn: worker ')) return 'worker';
    return title.startsWith('gunicorn: dirty') ? 'aside' : null;
  },
  findAside: findDirtyArbiter,
  selectWorkers: (forks) => forks,
  tellUpgrade: describeUpgrade,
};

const PROGRAM: Program = { kind: 'gunicorn', pool: null, embeddedBeat: false };

/** Whether a command line, or a title, is that of a Gunicorn master. */
export function isMaster({ title, script }: CommandLine): boolean {
  if (title.startsWith('gunicorn: master ')) return true;
  return script !== null && /^gunicorn(?:-?\d[\d.]*|\.py|\.app\.wsgiapp)?$/.test(script);
}

/** A master that gets SIGUSR2 starts another one beside itself, as a child that is no fork (signals of Gunicorn's manual). */
function describeUpgrade(master: Process, processes: ReadonlyMap<number, Process>): string | null {
  for (const child of processes.values()) {
    const isForked = child.stackStart === 0 || child.stackStart === master.stackStart;
    if (child.parentPid !== master.pid || isForked || child.isCut === true) continue;
    const isSame = child.argv.join('\0') === master.argv.join('\0');
    if (!isSame && !isMaster(toCommandLine(child.argv))) continue;
    return `an upgrade is under way (SIGUSR2), or its unit starts two: process ${child.pid} is a second master, started by ${master.pid}`;
  }
  return null;
}
