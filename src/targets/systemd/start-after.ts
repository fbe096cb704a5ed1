import { CHILD_ENV } from '../../host/child-env.ts';
import { firstLine } from './systemctl.ts';

const LIMIT_MS = 10_000;

/** Field 22 of /proc/PID/stat is the start of a process; its name, before that, may hold anything (proc(5)). */
const WAIT = `pid=$1 ticks=$2
shift 2
while [ "$(sed 's/.*) //' "/proc/$pid/stat" 2> /dev/null | cut -d ' ' -f 20)" = "$ticks" ]; do sleep 1; done
systemctl reset-failed "$1" 2> /dev/null
if [ "$(systemctl show -P SubState "$1")" = exited ]; then exec systemctl restart "$@"; fi
exec systemctl start "$@"`;

/**
 * Leaves it to a unit of systemd's, which goes away afterwards, to start units when a process has ended. Nothing of ours is
 * needed for that.
 *
 * @returns the error; null: it is arranged
 */
export async function startAfter(
  { pid, startTicks }: { pid: number; startTicks: number },
  units: readonly string[],
): Promise<string | null> {
  const { spawnSync } = await import('node:child_process');
  const unit = `autoscaler-start-${pid}-${startTicks}`;
  const words = ['/bin/sh', '-c', WAIT, 'sh', String(pid), String(startTicks), ...units];
  const args = [
    ...['--quiet', '--collect', '--no-ask-password', `--unit=${unit}`],
    `--description=Start ${units[0]} once its tasks are done`,
    // systemd would put variables of its own in the place of $NAME
    ...['--', ...words.map((word) => word.replaceAll('$', '$$$$'))],
  ];
  const { status, stderr, error } = spawnSync('systemd-run', args, {
    ...{ env: CHILD_ENV, cwd: '/', stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' },
    ...{ timeout: LIMIT_MS, killSignal: 'SIGKILL' },
  });
  // a removal before this one has left it to the same unit
  if (status === 0 || /already (?:loaded|exists)/.test(stderr)) return null;
  return firstLine(stderr) || (error?.message ?? 'systemd-run failed');
}
