import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Lab } from '../lab/lab.ts';
import { PATIENT, type Lane } from './soak.ts';

/**
 * After a last run, which recovers what is open: files, services, workers, journal. Then all is rolled back, and
 * everything must be as it was at the beginning.
 */
export async function examineLane(lab: Lab, lane: Lane, faults: string[]): Promise<void> {
  const config = lane.configs.live;
  const last = await lab.autoscaler(['--config', config, 'run'], PATIENT);
  if (last.exitCode !== 0) faults.push(`the last run: ${last.stdout}${last.stderr}`);
  for (const { service, files, serves } of lane.subjects) {
    if (!(await serves(lab))) faults.push(`${service} does not serve`);
    for (const [path, text] of files) {
      if (text === null) continue;
      const now = readFileSync(lab.path(path), 'utf8');
      if (withoutNumber(now) !== withoutNumber(text)) faults.push(`${path} differs: ${now}`);
    }
  }
  await examineWorkers(lab, config, faults);
  const changes = lab.path(`${lane.backups}/changes`);
  const names = existsSync(changes) ? readdirSync(changes) : [];
  const odd = names.filter((name) => !/^\d+-[a-z]+\.service$/.test(name));
  if (odd.length > 0) faults.push(`left in the journal: ${odd.join(' ')}`);
  // 50 of each service and those that are needed for ever
  if (names.length > 120) faults.push(`${names.length} changes are kept`);
  const back = await lab.autoscaler(['--config', config, 'rollback', '--keep-timer'], PATIENT);
  if (back.exitCode !== 0) faults.push(`the rollback: ${back.stdout}${back.stderr}`);
  for (const { service, files, serves } of lane.subjects) {
    if (!(await serves(lab))) faults.push(`${service} does not serve after the rollback`);
    for (const [path, text] of files) {
      const found = lab.path(path);
      const now = existsSync(found) ? readFileSync(found, 'utf8') : null;
      if (now !== text) faults.push(`${path} is not as it was: ${now}`);
      if (now === null) continue;
      const { uid, gid, mode } = statSync(found);
      if (uid !== 0 || gid !== 0 || (mode & 0o7777) !== 0o644) {
        faults.push(`${path} has owner ${uid}:${gid} and mode ${mode.toString(8)}`);
      }
    }
    const dropIns = lab.path(`/etc/systemd/system/${service}.d`);
    if (existsSync(dropIns)) faults.push(`${dirname(dropIns)} was left`);
  }
}

/** Each service runs as many workers as its unit says. */
async function examineWorkers(lab: Lab, config: string, faults: string[]): Promise<void> {
  const { stdout } = await lab.autoscaler(['--config', config, 'run', '--dry-run', '--json']);
  const { services } = JSON.parse(stdout) as {
    services: { service: string; workers: number; running: number | null }[];
  };
  for (const { service, workers, running } of services) {
    if (running !== workers) faults.push(`${service} runs ${running} workers, declared ${workers}`);
  }
}

/** What programs leave behind: files and processes. */
export interface Traces {
  files: string[];
  processes: string[];
}

/**
 * The files of the host's own folders (state, backups, logs and what systemd keeps there apart), and its processes.
 * The program makes no temporary files elsewhere, and /tmp is shared with the machine of the tests.
 */
export async function readTraces(lab: Lab): Promise<Traces> {
  const known = '/run/log /run/systemd /run/udev /var/lib/systemd';
  const ours = '/var/lib/autoscaler-soak? /var/backups/autoscaler-soak?';
  const skip = `${known} ${ours}`.split(' ').map((path) => `-path '${path}'`);
  const files = await lab.ok(
    `find /etc /run /usr/lib/systemd /var/lib /var/backups '(' ${skip.join(' -o ')} ')' -prune -o -print`,
  );
  // numbers of workers, and of processes, may differ; how often a line is there may not
  const processes = await lab.ok(
    "ps -eo args= | sed -E 's/[0-9]+/N/g' | grep -v -e systemd -e agetty | sort | uniq -c",
  );
  return { files: files.split('\n'), processes: processes.split('\n') };
}

/**
 * What is there now and was not at the beginning, or the other way round, and stays so: Celery reaps its ended
 * processes every 5 s (AsynPool.timers), so that a moment after a change they may be there as zombies.
 */
export async function compareTraces(lab: Lab, before: Traces): Promise<string[]> {
  const end = Date.now() + 20_000;
  for (;;) {
    const differences = tellTraces(before, await readTraces(lab));
    if (differences.length === 0 || Date.now() > end) return differences;
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

function tellTraces(before: Traces, after: Traces): string[] {
  return (['files', 'processes'] as const).flatMap((what) => {
    const then = new Set(before[what]);
    const now = new Set(after[what]);
    return [
      ...after[what].filter((each) => !then.has(each)).map((each) => `left: ${each}`),
      ...before[what].filter((each) => !now.has(each)).map((each) => `gone: ${each}`),
    ];
  });
}

/** The units of the soak hold no other number that a change could hit. */
function withoutNumber(text: string): string {
  return text.replace(/(--workers |-w|-c |WEB_CONCURRENCY=|COUNT=")\d+/, '$1N');
}
