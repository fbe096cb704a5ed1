import { spawn } from 'node:child_process';
import { CHILD_ENV } from '../../host/child-env.ts';
import { tryReadWhole } from '../../host/kernel-files.ts';
import { cleanText } from '../../model/clean-text.ts';
import { readProcess } from '../../host/proc/proc.ts';
import { findScript, toCommandLine } from '../../kinds/python.ts';
import { isMaster } from '../../kinds/gunicorn/processes.ts';
import { parseShow, readValue } from './show.ts';
import { askSystemctl } from './systemctl.ts';

/** `fails`: the last of what it said. `unknown`: why it could not be tried. */
export type Trial = 'loads' | { fails: string } | { unknown: string };

const ENVIRON_BYTES = 2 ** 20;
const STATUS_BYTES = 64 * 1024;
const MOST_OUTPUT = 8192;
const MOST_TOLD = 400;
const SHOW_MS = 10_000;
/** What systemd needs to begin and to end it. */
const GRACE_MS = 10_000;

/** What holds for the trial as it does for the service: limits, and what it may see and do. */
const ALIKE = [
  ...['Slice', 'MemoryHigh', 'MemoryMax', 'TasksMax', 'UMask', 'Nice', 'LimitNOFILE', 'LimitAS'],
  ...['LimitNPROC', 'LimitSTACK', 'LimitMEMLOCK', 'NoNewPrivileges', 'CapabilityBoundingSet'],
  ...['ProtectSystem', 'ProtectHome', 'ProtectKernelTunables', 'ProtectKernelModules'],
  ...['ProtectControlGroups', 'PrivateTmp', 'PrivateDevices', 'PrivateNetwork', 'ReadWritePaths'],
  ...['ReadOnlyPaths', 'InaccessiblePaths', 'RestrictSUIDSGID', 'LockPersonality'],
];
/** With these it would have another file system or user than the service. */
const UNLIKE = ['RootDirectory', 'RootImage'];
const ASKED = [...ALIKE, ...UNLIKE, 'DynamicUser', 'WorkingDirectory', 'RuntimeDirectory'];

/** Of the environment of the service what is about itself alone. */
const NOT_HANDED_ON =
  /^(?:NOTIFY_SOCKET|LISTEN_\w+|WATCHDOG_\w+|INVOCATION_ID|JOURNAL_STREAM|MAINPID|SYSTEMD_EXEC_PID|GUNICORN_(?:PID|FD))=/;

/** Takes the environment from its input, so that no password is seen in a command line or by systemctl show. */
const ENTER = `import os, sys
env = dict(each.split(b"=", 1) for each in sys.stdin.buffer.read().split(b"\\0") if b"=" in each)
os.execvpe(sys.argv[1], sys.argv[1:], env)`;

/**
 * Loads the application as a worker does: as \`gunicorn --check-config\`, but with the paths and variables that a config
 * file sets, with the class of the workers, and without waiting for threads of the application.
 */
const LOAD = `import os, sys, traceback
os.write(1, b"begun\\n")
sys.argv[0] = "gunicorn"
try:
    from gunicorn.app.wsgiapp import WSGIApplication
    app = WSGIApplication("%(prog)s [OPTIONS] [APP_MODULE]")
    for path in (app.cfg.pythonpath or "").split(","):
        if path:
            sys.path.insert(0, os.path.abspath(path))
    os.environ.update(app.cfg.env)
    app.cfg.worker_class
    app.load()
except BaseException:
    traceback.print_exc()
    sys.stderr.flush()
    os._exit(1)
os._exit(0)`;

/** Whether a new worker of a running Gunicorn could load the application, tried in a process apart as the user of its workers. */
export async function tryLoad(
  service: string,
  { masterPid, workerPids }: { masterPid: number; workerPids: readonly number[] },
  limitMs: number,
): Promise<Trial> {
  const argv = readProcess(masterPid)?.argv ?? [];
  if (argv.length < 2) return { unknown: 'its command line cannot be seen' };
  // what an entry script of the project's own does with its options is not to be known
  if (!isMaster(toCommandLine(argv))) return { unknown: 'its own program starts it' };
  const environ = tryReadWhole(`/proc/${masterPid}/environ`, ENVIRON_BYTES);
  if (environ?.includes('=') !== true) return { unknown: 'its environment cannot be seen' };
  const user = readUser(workerPids[0] ?? masterPid);
  if (user === null) return { unknown: 'the user of its workers cannot be seen' };
  const alike = await readAlike(service);
  if (alike === null) return { unknown: 'it has a file system or a user of its own' };
  const properties = [...user, ...alike, `RuntimeMaxSec=${limitMs}ms`, 'TimeoutStopSec=1s'];
  const at = findScript(argv);
  const options = argv.slice(1, at).filter((word) => !/^-[A-Za-z]*m$/.test(word));
  const python = argv[0] ?? '';
  const load = [python, ...options, '-c', LOAD, ...argv.slice(at + 1)];
  const command = ['/usr/bin/env', python, '-I', '-S', '-c', ENTER, ...load];
  const args = [
    ...['--quiet', '--pipe', '--wait', '--collect', '--no-ask-password'],
    ...properties.flatMap((each) => ['-p', each]),
    // systemd would put variables of its own in the place of $NAME
    ...['--', ...command.map((word) => word.replaceAll('$', '$$$$'))],
  ];
  const input = environ
    .split('\0')
    .filter((each) => !NOT_HANDED_ON.test(each))
    .join('\0');
  return run(args, input, limitMs);
}

/** Numbers, as the kernel has them, whatever made the workers theirs: `User=`, `su`, or Gunicorn's `--user`. */
function readUser(pid: number): string[] | null {
  const status = tryReadWhole(`/proc/${pid}/status`, STATUS_BYTES) ?? '';
  const uid = /^Uid:\t\d+\t(\d+)\t/m.exec(status)?.[1];
  const gid = /^Gid:\t\d+\t(\d+)\t/m.exec(status)?.[1];
  const groups = /^Groups:\t([\d ]*)$/m.exec(status)?.[1]?.trim() ?? '';
  if (uid === undefined || gid === undefined) return null;
  const more = groups === '' ? [] : [`SupplementaryGroups=${groups}`];
  return [`User=${uid}`, `Group=${gid}`, ...more];
}

async function readAlike(service: string): Promise<string[] | null> {
  const args = ['show', `--property=${ASKED.join(',')}`, '--', service];
  const { stdout } = await askSystemctl(args, SHOW_MS);
  const [shown] = parseShow(stdout, ASKED);
  if (shown === undefined) return null;
  const read = (key: string): string | null => readValue(shown, key);
  if (UNLIKE.some((key) => read(key) !== null) || read('DynamicUser') === 'yes') return null;
  const folders = (read('RuntimeDirectory') ?? '').split(' ').filter(Boolean);
  return [
    ...ALIKE.flatMap((key) => {
      const value = read(key);
      return value === null ? [] : [`${key}=${value}`];
    }),
    // where it has such a folder it may write there; the trial must not remove it in the end
    ...folders.map((name) => `ReadWritePaths=-/run/${name}`),
    ...(read('PrivateTmp') === 'yes' ? [`JoinsNamespaceOf=${service}`] : []),
    `WorkingDirectory=${read('WorkingDirectory') ?? '/'}`,
  ];
}

function run(args: string[], input: string, limitMs: number): Promise<Trial> {
  return new Promise((resolve) => {
    const child = spawn('systemd-run', args, {
      env: CHILD_ENV,
      cwd: '/',
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: limitMs + GRACE_MS,
      killSignal: 'SIGKILL',
    });
    let begun = '';
    let output = '';
    const beganMs = Date.now();
    child.stdout.on('data', (chunk: Buffer) => {
      if (begun.length < MOST_OUTPUT) begun += chunk.toString('utf8');
    });
    child.stderr.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString('utf8')).slice(-MOST_OUTPUT);
    });
    child.on('error', (error) => resolve({ unknown: `systemd-run: ${error.message}` }));
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    child.on('close', (code) => {
      const lines = output.trimEnd().split('\n').slice(-3).join(' ');
      const last = cleanText(lines, MOST_TOLD).trim();
      if (code === 0) resolve('loads');
      else if (!begun.startsWith('begun')) resolve({ unknown: `systemd-run: ${last}` });
      else if (Date.now() - beganMs >= limitMs)
        resolve({ fails: `it did not load within ${limitMs / 1000} s` });
      else resolve({ fails: last === '' ? `ended with ${code}` : last });
    });
  });
}
