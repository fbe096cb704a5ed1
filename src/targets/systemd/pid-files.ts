import { setTimeout as sleep } from 'node:timers/promises';
import { parseShow, readValue } from './show.ts';
import { runSystemctl } from './systemctl.ts';

const PROPERTIES = ['Id', 'Type', 'PIDFile', 'MainPID', 'ControlPID'];
const ASK_MS = 10_000;
const POLL_MS = 200;
/** A daemon writes its PID file sooner, or never. */
const LIMIT_MS = 10_000;

/** How long each service was waited for, by this process, milliseconds: one that never writes it costs that once. */
const waitedMs = new Map<string, number>();

/**
 * Waits until no service is between the end of its start command and its PID file (`Type=forking` with `PIDFile=`), for
 * 10 s at most for each: a daemon-reload at that moment makes systemd forget to look for the file, and end the daemon after
 * `TimeoutStartSec=` (systemd/systemd#11574; seen with 252). One of `ours`, which we start at this moment ourselves, is
 * waited for from its start command on, lest it gets there between this look and the reload. Where systemd does not
 * answer, the reload itself says so.
 */
export async function waitForPidFiles(ours: ReadonlySet<string>): Promise<void> {
  let beforeMs = performance.now();
  for (;;) {
    const awaited = await askAwaited(ours);
    const nowMs = performance.now();
    for (const id of awaited) waitedMs.set(id, (waitedMs.get(id) ?? 0) + nowMs - beforeMs);
    beforeMs = nowMs;
    if (!awaited.some((id) => (waitedMs.get(id) ?? 0) < LIMIT_MS)) return;
    await sleep(POLL_MS);
  }
}

async function askAwaited(ours: ReadonlySet<string>): Promise<string[]> {
  const args = ['show', '--state=activating', `--property=${PROPERTIES.join(',')}`];
  try {
    const { stdout } = await runSystemctl([...args, '--', '*.service'], ASK_MS);
    return listAwaited(stdout, ours);
  } catch {
    return [];
  }
}

/** The services on their way up that wait for their PID file, or of `ours` will do so; the answer of `systemctl show`. */
export function listAwaited(answer: string, ours: ReadonlySet<string>): string[] {
  return parseShow(answer, PROPERTIES)
    .filter((unit) => {
      const isForking =
        readValue(unit, 'Type') === 'forking' && readValue(unit, 'PIDFile') !== null;
      const hasProcess = ['MainPID', 'ControlPID'].some((key) => readValue(unit, key) !== '0');
      return isForking && (!hasProcess || ours.has(readValue(unit, 'Id') ?? ''));
    })
    .map((unit) => readValue(unit, 'Id') ?? '');
}
