import type { Process } from '../../host/proc/proc.ts';
import type { ProcessReader, Program } from '../kind.ts';

/** The processes of a Celery worker: its main process, and the pool, which are forks of it. */
export const celeryProcesses: ProcessReader = {
  recognise: ({ title, script, args }) => {
    if (/^\[celeryd: [^\]]*:MainProcess\]/.test(title)) return toProgram(readTitleWords(title));
    if (script === null) return null;
    if (/^(?:celery(?:-?\d[\d.]*)?|manage\.py)$/.test(script) && args.includes('worker'))
      return toProgram(args);
    // a project's own command: `nautobot-server celery worker …`
    return args[0] === 'celery' && args[1] === 'worker' ? toProgram(args) : null;
  },
  declare: ({ args }) => toProgram(args),
  titled: (title) => {
    if (title === '[celery beat]') return 'aside';
    return title.startsWith('[celeryd: ') ? 'worker' : null;
  },
  findAside: () => null,
  selectWorkers: (forks, { embeddedBeat }) => (embeddedBeat ? withoutBeat(forks) : forks),
  tellUpgrade: () => null,
};

/** `[celeryd: celery@host:MainProcess] -active- (worker -A shop -B)`: what is in the brackets. */
function readTitleWords(title: string): string[] {
  const open = title.indexOf('(', title.indexOf(']'));
  return open < 0 || !title.endsWith(')') ? [] : title.slice(open + 1, -1).split(' ');
}

/** Short options without a value may stand before another in one word, as in `-EB` or `-EP threads`. */
function toProgram(args: readonly string[]): Program {
  let pool: string | null = null;
  for (const [index, arg] of args.entries()) {
    const given = /^(?:-[EBD]*P=?|--pool(?:=|$))(.*)$/.exec(arg)?.[1];
    if (given !== undefined) pool = given === '' ? (args[index + 1] ?? null) : given;
  }
  const embeddedBeat = args.some((arg) => arg === '--beat' || /^-[ED]*B/.test(arg));
  return { kind: 'celery', pool, embeddedBeat };
}

/** Beat is the one that can be interrupted; none where setproctitle has told it already. */
function withoutBeat(forks: Process[]): Process[] | { error: string } {
  const interruptible = forks.filter((process) => !process.ignoresInterrupt);
  if (interruptible.length > 1)
    return { error: 'its embedded beat cannot be distinguished from the pool at the moment' };
  return forks.filter((process) => process.ignoresInterrupt);
}
