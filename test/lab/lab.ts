import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { cgroupOf, makeLabFolder, sweepLeftovers } from './owner.ts';
import { holdMachine } from './machine-lock.ts';
import { type Result, type Running, childrenOf, startProcess } from './running.ts';
import { until } from './until.ts';

await holdMachine();

/** The checkout that is tested; it is visible under the same path inside every lab. */
export const CHECKOUT = resolve(import.meta.dirname, '../..');

const BASE_ENV = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  LANG: 'C.UTF-8',
};

export interface ExecOptions {
  /** standard input; empty by default */
  input?: string;
  /** the whole process group is killed after this time (default 60 s); the result then says SIGKILL */
  timeoutMs?: number;
  /** besides PATH, HOME and LANG, which is all that a program gets */
  env?: Record<string, string>;
}

export interface WriteOptions {
  mode?: number;
  uid?: number;
  gid?: number;
}

/** A running throwaway host with a systemd of its own. All paths are paths inside it. */
export interface Lab {
  /** its machine and host name */
  name: string;
  exec: (argv: readonly string[], options?: ExecOptions) => Promise<Result>;
  /** starts and does not wait; it ends with the lab at the latest */
  spawn: (argv: readonly string[], options?: Omit<ExecOptions, 'input'>) => Running;
  sh: (script: string, options?: ExecOptions) => Promise<Result>;
  /** as `sh`, but throws with all output unless the script ends with 0; returns standard output */
  ok: (script: string, options?: ExecOptions) => Promise<string>;
  /** runs the built program; never throws for its exit code */
  autoscaler: (args: readonly string[], options?: ExecOptions) => Promise<Result>;
  /** the command line that `autoscaler` runs, for units and for `spawn` */
  autoscalerArgv: readonly string[];
  /**
   * Where a path is seen from outside, for reading and stat. An absolute symlink on the way leads to
   * this machine instead: write with `writeFile`.
   */
  path: (path: string) => string;
  /**
   * The upper layer of its file system, seen from outside: all that was written or removed inside since it booted, and
   * nothing else (but for the folders of other file systems: /run, /dev/shm).
   */
  written: string;
  /** writes a file as a program inside would, its folders included (default: root, 0644) */
  writeFile: (path: string, text: string, options?: WriteOptions) => Promise<void>;
  readFile: (path: string) => Promise<string>;
  until: typeof until;
  /** ends all that runs inside and removes every trace; safe to call twice */
  stop: () => Promise<void>;
}

/**
 * Boots a lab in about a second. Needs root and systemd-nspawn. `root` is the file system that it
 * shows (default: AUTOSCALER_LAB_ROOT, else this machine's); nothing is ever written to it. A lab that is not stopped goes away
 * with this process, however that ends.
 */
export async function startLab(options: { name?: string; root?: string } = {}): Promise<Lab> {
  if (process.getuid?.() !== 0) throw new Error('the lab needs root: run the tests as root');
  sweepLeftovers();
  const root = options.root ?? process.env['AUTOSCALER_LAB_ROOT'] ?? '/';
  const folder = makeLabFolder();
  const name = options.name ?? `lab${folder.slice(folder.lastIndexOf('-') + 1).toLowerCase()}`;
  mkdirSync(join(folder, 'fs'));
  const supervisor = spawn(
    'unshare',
    [
      '--mount',
      '--propagation',
      'private',
      '--',
      'sh',
      join(import.meta.dirname, 'boot.sh'),
    ].concat([folder, name, root, cgroupOf(folder)], foldersElsewhere(root)),
    // a Ctrl-C of the terminal must not end it before its work: it goes when the pipe closes
    { detached: true, stdio: ['pipe', 'ignore', 'pipe'] },
  );
  let complaints = '';
  supervisor.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
  const ended = new Promise<void>((done) => supervisor.once('close', () => done()));
  // a test that forgets to stop its lab must not keep the test runner waiting
  supervisor.unref();
  for (const stream of [supervisor.stdin, supervisor.stderr]) {
    (stream as unknown as { unref: () => void }).unref();
  }
  const stop = async () => {
    supervisor.ref();
    supervisor.stdin.end();
    await ended;
    if (existsSync(folder)) throw new Error(`the lab could not be removed: ${complaints}`);
  };
  try {
    const leader = await until(() => (supervisor.exitCode === null ? findLeader(folder) : 'gone'), {
      what: 'systemd-nspawn to start',
      everyMs: 20,
    });
    if (leader === 'gone') throw new Error('systemd-nspawn gave up');
    const nspawn = readFileSync(join(folder, 'nspawn.pid'), 'utf8').trim();
    const written = join(`/proc/${nspawn}/root`, folder, 'fs/upper');
    const lab = { ...makeLab(name, leader, root, stop), written };
    await lab.ok(
      'until case $(systemctl is-system-running 2>/dev/null) in running|degraded) true;; *) false;; esac; do sleep 0.05; done',
      { timeoutMs: 30_000 },
    );
    return lab;
  } catch (error) {
    const log = join(folder, 'console.log');
    const console = existsSync(log) ? readFileSync(log, 'utf8').slice(-2000) : '';
    await stop();
    throw new Error(`the lab did not start\n${complaints}${console}`, { cause: error });
  }
}

function makeLab(
  name: string,
  leader: number,
  root: string,
  stop: () => Promise<void>,
): Omit<Lab, 'written'> {
  const enter = ['nsenter', `--target=${leader}`, '-m', '-p', '-n', '-u', '-i', '-C', '--'];
  // on another root its own Node, here the one that runs this
  const node = root === '/' ? process.execPath : '/usr/bin/node';
  const autoscalerArgv = [node, join(CHECKOUT, 'dist/main.js')];
  const start: Lab['spawn'] = (argv, { env, timeoutMs = 60_000 } = {}) =>
    startProcess([...enter, ...argv], { ...BASE_ENV, ...env }, timeoutMs);
  const exec: Lab['exec'] = (argv, { input = '', ...rest } = {}) => {
    const running = start(argv, rest);
    running.stdin.end(input);
    return running.done;
  };
  const sh: Lab['sh'] = (script, options) => exec(['/bin/sh', '-c', script], options);
  const must = async (what: string, run: Promise<Result>) => {
    const { exitCode, signal, stdout, stderr } = await run;
    if (exitCode === 0) return stdout;
    throw new Error(`${what}\nended with ${exitCode ?? signal}\n${stdout}${stderr}`);
  };
  return {
    name,
    exec,
    spawn: start,
    sh,
    ok: (script, options) => must(script, sh(script, options)),
    autoscaler: async (args, options) => {
      const result = await exec([...autoscalerArgv, ...args], options);
      // its exit code would pass for a refusal
      if (!result.isLate) return result;
      throw new Error(`autoscaler ${args.join(' ')} did not end: ${result.stdout}${result.stderr}`);
    },
    autoscalerArgv,
    path: (path) => join(`/proc/${leader}/root`, path),
    writeFile: async (path, text, { mode = 0o644, uid = 0, gid = 0 } = {}) => {
      const script =
        'mkdir -p "$(dirname "$1")" && cat > "$1" && chown "$2" "$1" && chmod "$3" "$1"';
      const args = ['sh', path, `${uid}:${gid}`, mode.toString(8)];
      await must(`writing ${path}`, exec(['/bin/sh', '-c', script, ...args], { input: text }));
    },
    readFile: (path) => must(`reading ${path}`, exec(['cat', '--', path])),
    until,
    stop,
  };
}

/** The first process of the lab as this machine numbers it; null while there is none yet. */
function findLeader(folder: string): number | 'gone' | null {
  const nspawn = Number(readFileSync(join(folder, 'nspawn.pid'), 'utf8'));
  const hasLine = (pid: number, line: RegExp) =>
    line.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  if (hasLine(nspawn, /^State:\tZ/m)) return 'gone';
  return childrenOf(nspawn).find((pid) => hasLine(pid, /^NSpid:.*\t1$/m)) ?? null;
}

/** The folders that must be visible inside and that the overlay of `root` alone does not show. */
function foldersElsewhere(root: string): string[] {
  if (root !== '/') return [CHECKOUT];
  const mounts = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '/');
  const isElsewhere = (path: string) =>
    mounts.some((mount) => mount !== '/' && (path === mount || path.startsWith(`${mount}/`)));
  return [CHECKOUT, resolve(process.execPath, '..')].filter(isElsewhere);
}
