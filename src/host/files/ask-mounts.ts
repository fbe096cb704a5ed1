import { closeSync, constants, readSync } from 'node:fs';
import { monotonicMs } from '../monotonic.ts';
import { killGroup, openPage, startProgram, waitUntil } from '../other-program.ts';

/** A file system that is asked, and by which path; `outlivesKill`: SIGKILL may not end who waits for it. */
export interface Question {
  device: string;
  path: string;
  outlivesKill: boolean;
}

/** statfs(2) always reaches the server; stat(2) may be answered from a cache. An error is an answer too. */
const ASK = '(stat -- "$1"; stat -f -- "$1") >/dev/null 2>&1; echo "$2"';
/**
 * In a control group of its own: in ours, a process that cannot be ended would keep systemd from ending the service for minutes.
 * While one waits, its name is taken, so that each run does not add another.
 */
const ASK_APART = `until systemd-run --scope --quiet --collect --unit="$3" -- sh -c '${ASK}' sh "$1" "$2" 2>/dev/null
do sleep 0.1
done`;

/** How long the others are waited for after the first one's answer. */
const COMPANY_MS = 100;
const MOST_BYTES = 64 * 1024;

/**
 * Asks file systems side by side whether they answer, each by a program of its own, and waits for the first of them for
 * `limitMs` at most. Those that have answered, by device. A program that gets no answer is killed, and never waited for.
 *
 * @throws NodeJS.ErrnoException where there is no memory for it
 */
export function askMounts(questions: readonly Question[], limitMs: number): Set<string> {
  const page = openPage(constants.O_APPEND);
  const programs = questions.map((question) => ask(question, page));
  let answered = new Set<string>();
  try {
    const first = questions[0]?.device ?? '';
    let endMs = monotonicMs() + limitMs;
    waitUntil(() => {
      answered = readAnswers(page);
      const nowMs = monotonicMs();
      if (answered.has(first)) endMs = Math.min(endMs, nowMs + COMPANY_MS);
      return nowMs >= endMs || questions.every(({ device }) => answered.has(device));
    });
    return answered;
  } finally {
    for (const pid of programs) if (pid !== null) killGroup(pid);
    closeSync(page);
  }
}

/** null: it could not be started, and gives no answer. */
function ask({ device, path, outlivesKill }: Question, page: number): number | null {
  // without root nothing can be put elsewhere, and the service of the timer has root
  const isApart = outlivesKill && process.geteuid?.() === 0;
  const unit = `autoscaler-asks-${device.replace(':', '-')}.scope`;
  return startProgram('sh', ['-c', isApart ? ASK_APART : ASK, 'sh', path, device, unit], page);
}

function readAnswers(page: number): Set<string> {
  const bytes = Buffer.alloc(MOST_BYTES);
  const length = readSync(page, bytes, 0, bytes.length, 0);
  return new Set(bytes.toString('latin1', 0, length).split('\n'));
}
