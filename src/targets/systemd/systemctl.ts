import { CHILD_ENV } from '../../host/child-env.ts';
import { EXIT, NoAnswer, UserError } from '../../errors.ts';
import { enterPhase } from '../../host/phase.ts';

/** How one call of systemctl ended: its output, and what it said where it failed. */
export interface SystemctlResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

const COMMON_ARGS = ['--no-pager', '--no-ask-password'];
const ENV = { ...CHILD_ENV, SYSTEMD_COLORS: '0' };

/** No answer is anywhere near it, some KB for each unit; what a service says of itself (`STATUS=`) is not asked for. */
const MAX_BYTES = 16 * 2 ** 20;

/** How a call ended, whichever way it was made. */
interface Ended extends SystemctlResult {
  timedOut: boolean;
  /** of a program that could not be started, such as ENOENT */
  code: string | undefined;
  message: string | undefined;
  hasExitCode: boolean;
}

/**
 * Asks systemctl something that it answers at once, in English and without a pager or a password prompt.
 * Nothing else goes on meanwhile: for one look that costs half of what `runSystemctl` does.
 *
 * @throws UserError as `runSystemctl`
 */
export async function askSystemctl(args: string[], timeoutMs: number): Promise<SystemctlResult> {
  enterPhase(`asking systemd (systemctl ${args[0]})`);
  // most runs ask nothing
  const { spawnSync } = await import('node:child_process');
  const { status, stdout, stderr, error } = spawnSync('systemctl', [...COMMON_ARGS, ...args], {
    env: ENV,
    cwd: '/',
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
    maxBuffer: MAX_BYTES,
  });
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return check(args, timeoutMs, {
    exitCode: status ?? NaN,
    stdout,
    stderr,
    timedOut: code === 'ETIMEDOUT',
    code,
    message: error?.message,
    hasExitCode: status !== null,
  });
}

/**
 * Runs systemctl, in English and without a pager or a password prompt.
 *
 * @throws UserError failed where systemctl is missing or systemd does not run, NoAnswer where it does not answer in time
 */
export async function runSystemctl(args: string[], timeoutMs: number): Promise<SystemctlResult> {
  enterPhase(`asking systemd (systemctl ${args[0]})`);
  const { execa } = await import('execa');
  const result = await execa('systemctl', [...COMMON_ARGS, ...args], {
    env: ENV,
    extendEnv: false,
    cwd: '/',
    stdin: 'ignore',
    // a Ctrl-C is ours to handle: systemctl goes on with the change that we are in
    detached: true,
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
    maxBuffer: MAX_BYTES,
    reject: false,
    stripFinalNewline: false,
  });
  const { exitCode = NaN, stdout, stderr, timedOut, originalMessage: message } = result;
  const code = result.isMaxBuffer ? 'ENOBUFS' : result.code;
  const hasExitCode = result.exitCode !== undefined;
  return check(args, timeoutMs, { exitCode, stdout, stderr, timedOut, code, message, hasExitCode });
}

function check(args: string[], timeoutMs: number, ended: Ended): SystemctlResult {
  const { exitCode, stdout, stderr } = ended;
  const what = `systemctl ${args.find((arg) => !arg.startsWith('-')) ?? ''}`;
  if (ended.timedOut) {
    throw new NoAnswer(
      EXIT.failed,
      `${what}: no answer within ${timeoutMs / 1000} s`,
      'See what systemd is busy with: systemctl list-jobs',
    );
  }
  if (ended.code === 'ENOENT') {
    throw new UserError(
      EXIT.failed,
      'systemctl is missing: services are measured and changed through systemd',
      'Run this on the host whose services are to be scaled, one that was booted with systemd.',
    );
  }
  if (ended.code === 'ENOBUFS') {
    throw new UserError(EXIT.failed, `${what}: an answer of more than ${MAX_BYTES / 2 ** 20} MB`);
  }
  if (!ended.hasExitCode) {
    throw new NoAnswer(EXIT.failed, `${what}: ${ended.message ?? 'could not be run'}`);
  }
  if (/Failed to connect to (?:the )?bus|not been booted with systemd/i.test(stderr)) {
    throw new UserError(
      EXIT.failed,
      `systemd does not answer: ${firstLine(stderr)}`,
      'Run this on a host that was booted with systemd, not in a container without one.',
    );
  }
  return { exitCode, stdout, stderr };
}

/** What systemctl says first; its later lines only name other commands. */
export function firstLine(text: string): string {
  return text.trim().split('\n', 1)[0] ?? '';
}
