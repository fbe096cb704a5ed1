import { hostname } from 'node:os';
import { readProcess } from '../../host/proc/proc.ts';

/** A name is part of that of a queue, for which AMQP has room for 255 bytes. */
const LONGEST_NAME = 200;

/**
 * The name by which Celery's remote control addresses a worker, told from its main process; null: there is none, or none
 * that could be one.
 */
export function readNodeName(mainPid: number): string | null {
  const main = readProcess(mainPid);
  if (main === null || main.isCut === true || main.environ.isCut) return null;
  const name = nodeNameOf(main.argv, parseEnvironment(main.environ.text), hostname());
  return Buffer.byteLength(name) <= LONGEST_NAME && !/\p{Cc}/u.test(name) ? name : null;
}

/**
 * The same from what a process shows: its title, where setproctitle has set one; else `-n` or `--hostname`
 * (or, from Celery 5 on, CELERY_WORKER_HOSTNAME) as Celery completes and expands it.
 */
export function nodeNameOf(
  argv: readonly string[],
  environment: ReadonlyMap<string, string>,
  host: string,
): string {
  const title = /^\[celeryd: (.+):MainProcess\]/.exec(argv[0] ?? '')?.[1];
  if (title !== undefined) return title;
  const given = readOption(argv) ?? environment.get('CELERY_WORKER_HOSTNAME') ?? '';
  const at = given.indexOf('@');
  // a name alone is the part behind the @
  const name = given.slice(0, Math.max(at, 0)) || 'celery';
  const place = given.slice(at + 1) || host;
  const [short = '', ...domain] = host.split('.');
  const values: Record<string, string> = { h: host, n: short, d: domain.join('.'), i: '0', I: '' };
  // an abbreviation that it does not know is an error for Celery: then nothing runs under the name
  return `${name}@${place}`.replace(/%(\w)/g, (all, letter: string) => values[letter] ?? all);
}

/** The last one counts. `-n` may stand behind flags in one word, and have its value attached. */
function readOption(argv: readonly string[]): string | null {
  let found: string | null = null;
  for (const [index, arg] of argv.entries()) {
    const value = /^(?:-[EBD]*n|--hostname(?:=|$))(.*)$/s.exec(arg)?.[1];
    if (value !== undefined) found = value === '' ? (argv[index + 1] ?? null) : value;
  }
  return found;
}

/** proc_pid_environ(5): as it was when the process was started. */
function parseEnvironment(text: string): ReadonlyMap<string, string> {
  return new Map(text.split('\0').map((entry) => splitAt(entry, entry.indexOf('='))));
}

function splitAt(text: string, at: number): [string, string] {
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
