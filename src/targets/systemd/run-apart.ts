import { spawn } from 'node:child_process';
import { CHILD_ENV } from '../../host/child-env.ts';
import { tryReadWhole } from '../../host/kernel-files.ts';
import type { ApartCommand, RunApart } from '../../kinds/ports.ts';
import { cleanText } from '../../model/clean-text.ts';
import { parseShow, readValue } from './show.ts';
import { askSystemctl } from './systemctl.ts';

const STATUS_BYTES = 64 * 1024;
const MOST_OUTPUT = 8192;
const MOST_TOLD = 400;
const SHOW_MS = 10_000;
/** What systemd needs to begin and to end it. */
const GRACE_MS = 10_000;

/** What holds for the command as it does for the service: limits, and what it may see and do. */
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

/** Runs a command once beside a service, in a unit of its own that goes away afterwards. `unknown`: why it could not be run. */
export async function runApart({
  service,
  likePid,
  argv,
  input,
  limitMs,
}: ApartCommand): Promise<RunApart> {
  const user = readUser(likePid);
  if (user === null) return { unknown: 'the user of its workers cannot be seen' };
  const alike = await readAlike(service);
  if (alike === null) return { unknown: 'it has a file system or a user of its own' };
  const properties = [...user, ...alike, `RuntimeMaxSec=${limitMs}ms`, 'TimeoutStopSec=1s'];
  const args = [
    ...['--quiet', '--pipe', '--wait', '--collect', '--no-ask-password'],
    ...properties.flatMap((each) => ['-p', each]),
    // systemd would put variables of its own in the place of $NAME
    ...['--', ...argv.map((word) => word.replaceAll('$', '$$$$'))],
  ];
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
    // where it has such a folder it may write there; the command must not remove it in the end
    ...folders.map((name) => `ReadWritePaths=-/run/${name}`),
    ...(read('PrivateTmp') === 'yes' ? [`JoinsNamespaceOf=${service}`] : []),
    `WorkingDirectory=${read('WorkingDirectory') ?? '/'}`,
  ];
}

function run(args: string[], input: string, limitMs: number): Promise<RunApart> {
  return new Promise((resolve) => {
    const child = spawn('systemd-run', args, {
      env: CHILD_ENV,
      cwd: '/',
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: limitMs + GRACE_MS,
      killSignal: 'SIGKILL',
    });
    let isBegun = false;
    let said = '';
    const beganMs = Date.now();
    child.stdout.on('data', () => {
      isBegun = true;
    });
    child.stderr.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString('utf8')).slice(-MOST_OUTPUT);
    });
    child.on('error', (error) => resolve({ unknown: `systemd-run: ${error.message}` }));
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    child.on('close', (exitCode) => {
      const lines = said.trimEnd().split('\n').slice(-3).join(' ');
      const last = cleanText(lines, MOST_TOLD).trim();
      if (!isBegun && exitCode !== 0) resolve({ unknown: `systemd-run: ${last}` });
      else resolve({ exitCode, isLate: Date.now() - beganMs >= limitMs, said: last });
    });
  });
}
