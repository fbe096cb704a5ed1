import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The built program. */
export const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** How the built program ended and what it said where. */
export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs the built program as a user would, without a terminal. */
export function autoscaler(args: string[], env: Record<string, string> = {}): Ended {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: '/nonexistent', ...env },
    timeout: 30_000,
  });
  return { code: status, stdout, stderr };
}
