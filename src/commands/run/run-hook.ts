import { spawn, spawnSync } from 'node:child_process';
import { CHILD_ENV } from '../../host/child-env.ts';
import { judgePath } from '../../host/files/judge.ts';
import { cleanText } from '../../model/clean-text.ts';

/** What is run: the words of a command, or a line for `/bin/sh -c`; `user` null: as our own user. */
export interface Hook {
  command: string | string[];
  user: string | null;
}

const TIMEOUT_MS = 10_000;
/** between SIGTERM and SIGKILL */
const GRACE_MS = 1000;
/** How long its last output is waited for: a process that it leaves behind may keep its stderr open. */
const LAST_WORDS_MS = 200;
const MOST_OUTPUT = 2000;

/**
 * Runs a hook with `input` on its standard input; after 10 s it is ended, with everything that it has started in its
 * process group. It gets a small environment of its own. Returns what went wrong; null: nothing.
 */
export async function runHook(
  { command, user }: Hook,
  input: string,
  timeoutMs: number = TIMEOUT_MS,
): Promise<string | null> {
  const account = user === null ? null : findAccount(user);
  if (typeof account === 'string') return account;
  const distrust = (account?.uid ?? process.geteuid?.()) === 0 ? findForeign(command) : null;
  if (distrust !== null) return distrust;
  const [file = '', ...args] = typeof command === 'string' ? ['/bin/sh', '-c', command] : command;
  return new Promise((resolve) => {
    const child = spawn(file, args, {
      cwd: '/',
      env: {
        PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
        LANG: 'C.UTF-8',
        ...(account === null ? {} : account.env),
      },
      // with these two set, node drops the supplementary groups
      ...(account === null ? {} : { uid: account.uid, gid: account.gid }),
      // a process group of its own, which can be ended as a whole
      detached: true,
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    let output = '';
    let isLate = false;
    const end = (fault: string | null): void => {
      clearTimeout(term);
      clearTimeout(kill);
      child.stderr.destroy();
      resolve(fault);
    };
    const term = setTimeout(() => {
      isLate = true;
      signalGroup(child.pid, 'SIGTERM');
    }, timeoutMs);
    const kill = setTimeout(() => signalGroup(child.pid, 'SIGKILL'), timeoutMs + GRACE_MS);
    child.on('error', (error) => end(error.message));
    child.stderr.on('data', (chunk: Buffer) => {
      if (output.length < MOST_OUTPUT) output += chunk.toString('utf8');
    });
    child.on('exit', (code, signal) => {
      if (isLate) signalGroup(child.pid, 'SIGKILL');
      const why = isLate
        ? `still running after ${timeoutMs / 1000} s, so it was killed`
        : signal === null
          ? `exit code ${code}`
          : `killed by ${signal}`;
      const finish = (): void => {
        const last = cleanText(output.trimEnd().split('\n').at(-1) ?? '', 300);
        end(last === '' ? why : `${why}: ${last}`);
      };
      if (code === 0 && !isLate) return end(null);
      // it may have been closed before the end was known
      if (child.stderr.closed) return finish();
      child.stderr.once('close', finish);
      setTimeout(finish, LAST_WORDS_MS);
    });
    // a hook need not read its input
    child.stdin.on('error', () => undefined);
    child.stdin.end(`${input}\n`);
  });
}

const INTERPRETER = /\/(?:[bdkz]?a?sh|python[\d.]*|perl|node|ruby|php)$/;

/** Why root must not run a program, or a script by its interpreter: users other than root could have written it. null: it may. */
function findForeign(command: string | string[]): string | null {
  const words = typeof command === 'string' ? command.trim().split(/[\s;&|<>()]+/) : command;
  const [program = '', ...args] = words;
  const script = INTERPRETER.test(program) ? args.find((word) => !word.startsWith('-')) : undefined;
  for (const path of [program, script]) {
    if (path?.startsWith('/') !== true) continue;
    const verdict = judgePath(path);
    if (verdict.trusted || verdict.uid === null) continue;
    return `${path}: ${verdict.reason}, and whoever can write it could become root; set "on_event_user", or: ${verdict.command}`;
  }
  return null;
}

interface Account {
  uid: number;
  gid: number;
  env: { USER: string; LOGNAME: string; HOME: string };
}

/** From wherever the host looks up its users; a string says why there is no such user. */
function findAccount(user: string): Account | string {
  const { stdout, error } = spawnSync('getent', ['passwd', '--', user], {
    env: CHILD_ENV,
    encoding: 'utf8',
    // a user directory on another host may not answer
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL',
  });
  if (error) return `getent: ${error.message}`;
  const [name = '', , uid, gid, , home = '/'] = stdout.trimEnd().split(':');
  if (!/^\d+$/.test(uid ?? '') || !/^\d+$/.test(gid ?? ''))
    return `there is no user ${user} (on_event_user)`;
  return { uid: Number(uid), gid: Number(gid), env: { USER: name, LOGNAME: name, HOME: home } };
}

function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal);
  } catch {
    // it has ended
  }
}
