import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/**
 * Waits until this process may boot labs and keeps that right until it ends. Labs share the machine, unless the process
 * has asked to be alone: see alone.ts. Waited for while modules load, so that no test's time limit runs meanwhile.
 */
export async function holdMachine(): Promise<void> {
  const kind = process.env['LAB_ALONE'] === '1' ? '--exclusive' : '--shared';
  // any file that all processes of this checkout know; the kernel lets go of the lock when the pipe closes
  const lock = join(import.meta.dirname, 'boot.sh');
  const holder = spawn('flock', [kind, lock, 'sh', '-c', 'echo held; exec cat > /dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    // a Ctrl-C of the terminal is for this process, which the holder then follows
    detached: true,
  });
  await Promise.race([
    once(holder.stdout, 'data'),
    once(holder, 'close').then(() => {
      throw new Error('flock could not lock the machine for the labs');
    }),
  ]);
  holder.unref();
  for (const stream of [holder.stdin, holder.stdout]) {
    (stream as unknown as { unref: () => void }).unref();
  }
}
