import { EXIT, UserError } from '../errors.ts';

/** How one call of systemctl ended: its output, and what it said where it failed. */
export interface SystemctlResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/**
 * Runs systemctl, in English and without a pager or a password prompt.
 *
 * @throws UserError failed where systemctl is missing, systemd does not run or does not answer in time
 */
export async function runSystemctl(args: string[], timeoutMs: number): Promise<SystemctlResult> {
  const { execa } = await import('execa');
  const result = await execa('systemctl', ['--no-pager', '--no-ask-password', ...args], {
    env: { LC_ALL: 'C', SYSTEMD_COLORS: '0' },
    stdin: 'ignore',
    // a Ctrl-C is ours to handle: systemctl goes on with the change that we are in
    detached: true,
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
    reject: false,
    stripFinalNewline: false,
  });
  const { exitCode, stdout, stderr } = result;
  const what = `systemctl ${args.find((arg) => !arg.startsWith('-')) ?? ''}`;
  if (result.timedOut) {
    throw new UserError(
      EXIT.failed,
      `${what}: no answer within ${timeoutMs / 1000} s`,
      'See what systemd is busy with: systemctl list-jobs',
    );
  }
  if (result.code === 'ENOENT') {
    throw new UserError(
      EXIT.failed,
      'systemctl is not there: services are measured and changed through systemd',
      'Run this on the host whose services are to be scaled, one that was booted with systemd.',
    );
  }
  if (exitCode === undefined) {
    throw new UserError(EXIT.failed, `${what}: ${result.originalMessage ?? 'could not be run'}`);
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
