import type { Kind } from '../model/types.ts';

/** What a process's own command line says of it. */
export interface Program {
  kind: Kind;
  /** Celery's `-P`; null: the default, or Gunicorn */
  pool: string | null;
  /** Celery's `-B`: the scheduler runs as one more child */
  embeddedBeat: boolean;
}

/** Also other builds of it: `python3.13t`, `python3.11d`. */
const PYTHON = /^(?:python|pypy)[\d.]*[a-z]?$/;

/** Options of Python that take the next word as their value. */
const PYTHON_VALUES = ['-X', '-W', '--check-hash-based-pycs'];

/**
 * Whether a command line, or the title set by setproctitle, is that of a Gunicorn master or of a Celery
 * worker's main process; null: it is not, as for a shell or a wrapper that only names one. A Gunicorn
 * worker that has no title looks like its master.
 */
export function readProgram(argv: readonly string[]): Program | null {
  const title = argv[0] ?? '';
  if (title.startsWith('gunicorn: master ')) return gunicorn();
  if (/^\[celeryd: [^\]]*:MainProcess\]/.test(title)) return celery(readTitleWords(title));
  if (!PYTHON.test(baseName(title))) return null;
  const at = findScript(argv);
  const script = baseName(argv[at] ?? '').replace(/^-[A-Za-z]*?m(?=.)/, '');
  if (/^gunicorn(?:-?\d[\d.]*|\.py|\.app\.wsgiapp)?$/.test(script)) return gunicorn();
  const args = argv.slice(at + 1);
  if (/^(?:celery(?:-?\d[\d.]*)?|manage\.py)$/.test(script) && args.includes('worker'))
    return celery(args);
  // a project's own command: `nautobot-server celery worker …`
  return args[0] === 'celery' && args[1] === 'worker' ? celery(args) : null;
}

/** The same for a command line of which the config says what it runs: an entry script of a project's own. */
export function declaredProgram(argv: readonly string[], kind: Kind): Program {
  if (kind === 'gunicorn') return gunicorn();
  const at = PYTHON.test(baseName(argv[0] ?? '')) ? findScript(argv) : 0;
  return celery(argv.slice(at + 1));
}

/** `[celeryd: celery@host:MainProcess] -active- (worker -A shop -B)`: what is in the brackets. */
function readTitleWords(title: string): string[] {
  const open = title.indexOf('(', title.indexOf(']'));
  return open < 0 || !title.endsWith(')') ? [] : title.slice(open + 1, -1).split(' ');
}

function gunicorn(): Program {
  return { kind: 'gunicorn', pool: null, embeddedBeat: false };
}

/** Short options without a value may stand before another in one word, as in `-EB` or `-EP threads`. */
function celery(args: readonly string[]): Program {
  let pool: string | null = null;
  for (const [index, arg] of args.entries()) {
    const given = /^(?:-[EBD]*P=?|--pool(?:=|$))(.*)$/.exec(arg)?.[1];
    if (given !== undefined) pool = given === '' ? (args[index + 1] ?? null) : given;
  }
  const embeddedBeat = args.some((arg) => arg === '--beat' || /^-[ED]*B/.test(arg));
  return { kind: 'celery', pool, embeddedBeat };
}

/** The place of the script, or of the module of `-m`, in Python's command line. */
export function findScript(argv: readonly string[]): number {
  for (let at = 1; at < argv.length; at++) {
    const arg = argv[at] ?? '';
    if (/^-[A-Za-z]*m$/.test(arg)) return at + 1;
    if (/^-[bBdEhiIOqRsSuvVx]*m./.test(arg)) return at;
    if (PYTHON_VALUES.includes(arg)) at++;
    else if (!arg.startsWith('-')) return at;
  }
  return argv.length;
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
