import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { CHILD_ENV } from '../../child-env.ts';
import { monotonicMs } from '../../monotonic.ts';

/** A file system that is asked, and by which path; `outlivesKill`: SIGKILL may not end who waits for it. */
export interface Question {
  device: string;
  path: string;
  outlivesKill: boolean;
}

/** How full it is (statfs(2)) each server is asked anew; what it said of folders may be remembered. An error is an answer too. */
const ASK = '(stat -- "$1"; stat -f -- "$1") >/dev/null 2>&1; echo "$2"';
/**
 * In a control group of its own: in ours, a process that cannot be ended would keep systemd from ending the service for minutes.
 * While one waits, its name is taken, so that each run does not add another.
 */
const ASK_APART = `until systemd-run --scope --quiet --collect --unit="$3" -- sh -c '${ASK}' sh "$1" "$2" 2>/dev/null
do sleep 0.1
done`;

const FIRST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 16;
/** Those after the first are waited for so long after its answer. */
const COMPANY_MS = 100;
const MOST_BYTES = 64 * 1024;

/** O_TMPFILE of open(2), which Node does not name: a file without a name, that goes with who has it open. */
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;

/**
 * Asks file systems side by side whether they answer, each by a program of its own, and waits for the first of them for
 * `limitMs` at most. Those that have answered, by device. A program that gets no answer is killed, and never waited for.
 *
 * @throws NodeJS.ErrnoException where there is no memory for it
 */
export function askMounts(questions: readonly Question[], limitMs: number): Set<string> {
  const page = openSync('/dev/shm', O_TMPFILE | constants.O_RDWR | constants.O_APPEND, 0o600);
  const programs = questions.map((question) => ask(question, page));
  try {
    const first = questions[0]?.device ?? '';
    let endMs = monotonicMs() + limitMs;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      const answered = readAnswers(page);
      const nowMs = monotonicMs();
      if (answered.has(first)) endMs = Math.min(endMs, nowMs + COMPANY_MS);
      if (nowMs >= endMs || questions.every(({ device }) => answered.has(device))) return answered;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs);
    }
  } finally {
    for (const { pid } of programs) if (pid !== undefined) killGroup(pid);
    closeSync(page);
  }
}

function ask({ device, path, outlivesKill }: Question, page: number): ChildProcess {
  // without root nothing can be put elsewhere, and the service of the timer has root
  const isApart = outlivesKill && process.geteuid?.() === 0;
  const unit = `autoscaler-asks-${device.replace(':', '-')}.scope`;
  const child = spawn('sh', ['-c', isApart ? ASK_APART : ASK, 'sh', path, device, unit], {
    ...{ env: CHILD_ENV, cwd: '/' },
    // a group of its own, to be killed as a whole
    detached: true,
    stdio: ['ignore', page, 'ignore'],
  });
  // one that could not be started gives no answer
  child.on('error', () => undefined);
  child.unref();
  return child;
}

function readAnswers(page: number): Set<string> {
  const bytes = Buffer.alloc(MOST_BYTES);
  const length = readSync(page, bytes, 0, bytes.length, 0);
  return new Set(bytes.toString('latin1', 0, length).split('\n'));
}

/** Its number is its own until Node hears of its end, which it does not before we return. */
function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // all of it has ended
  }
}
