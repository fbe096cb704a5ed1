import { setTimeout as sleep } from 'node:timers/promises';
import { parseShow, readValue } from './show.ts';
import { runSystemctl } from './systemctl.ts';

const PROPERTIES = ['Id', 'Type', 'PIDFile', 'MainPID', 'ControlPID'];
const ASK_MS = 10_000;
const POLL_MS = 200;
/** A daemon writes its PID file sooner, or never. */
const LIMIT_MS = 10_000;

/**
 * Waits until no service is between the end of its start command and its PID file (`Type=forking` with `PIDFile=`), for
 * 10 s at most: a daemon-reload at that moment makes systemd forget to look for the file, and end the daemon after
 * `TimeoutStartSec=` (systemd/systemd#11574; seen with 252). Where systemd does not answer, the reload itself says so.
 */
export async function waitForPidFiles(): Promise<void> {
  const endMs = performance.now() + LIMIT_MS;
  while ((await isPidFileAwaited()) && performance.now() < endMs) await sleep(POLL_MS);
}

async function isPidFileAwaited(): Promise<boolean> {
  const args = ['show', '--state=activating', `--property=${PROPERTIES.join(',')}`];
  try {
    const { stdout } = await runSystemctl([...args, '--', '*.service'], ASK_MS);
    return isAwaitedIn(stdout);
  } catch {
    return false;
  }
}

/** Whether one of the services that are starting waits for its PID file; the answer of `systemctl show`. */
export function isAwaitedIn(answer: string): boolean {
  return parseShow(answer, PROPERTIES).some((unit) => {
    const isForking = readValue(unit, 'Type') === 'forking' && readValue(unit, 'PIDFile') !== null;
    const hasProcess = ['MainPID', 'ControlPID'].some((key) => readValue(unit, key) !== '0');
    return isForking && !hasProcess;
  });
}
