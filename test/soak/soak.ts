import { startLab, type Lab } from '../lab/lab.ts';
import { compareTraces, examineLane, readTraces } from './examine.ts';
import { installSubjects, type Subject } from './services.ts';

/** What happened in a soak, and what was not as it should be in the end. */
export interface SoakResult {
  seed: number;
  changes: number;
  live: number;
  applied: number;
  failed: number;
  toolKills: number;
  workerKills: number;
  masterKills: number;
  faults: string[];
}

/** Two services with a lock, a history and backups of their own. */
export interface Lane {
  /** the same config in both apply modes */
  configs: { restart: string; live: string };
  state: string;
  backups: string;
  subjects: Subject[];
}

/** A change may wait for the one before it, and for what that left to recover. */
export const PATIENT = { timeoutMs: 300_000 };
const MOST = 4;

/**
 * Makes `changes` changes in random order over six services, two at a time in three lanes with a lock, a
 * history and backups each, half of them live, while the tool, workers and masters are killed at random;
 * then looks whether anything was lost, broken or left behind.
 */
export async function runSoak(
  { changes, seed }: { changes: number; seed: number },
  say: (line: string) => void,
): Promise<SoakResult> {
  const lab = await startLab();
  try {
    const subjects = await installSubjects(lab);
    const lanes = await Promise.all(
      [0, 1, 2].map((index) => makeLane(lab, index, subjects.slice(index * 2, index * 2 + 2))),
    );
    // Celery's, the slowest, has its workers by then
    for (const { serves } of subjects) await lab.until(() => serves(lab), { what: 'all to serve' });
    const before = await readTraces(lab);
    const result: SoakResult = {
      ...{ seed, changes: 0, live: 0, applied: 0, failed: 0 },
      ...{ toolKills: 0, workerKills: 0, masterKills: 0, faults: [] },
    };
    const random = randomFrom(seed);
    await Promise.all(
      lanes.map(async (lane) => {
        while (result.changes < changes) {
          result.changes += 1;
          if (result.changes % 25 === 0) say(`${result.changes} of ${changes}`);
          await makeChange(lab, lane, random, result, say);
        }
      }),
    );
    for (const lane of lanes) await examineLane(lab, lane, result.faults);
    result.faults.push(...(await compareTraces(lab, before)));
    return result;
  } finally {
    await lab.stop();
  }
}

async function makeLane(lab: Lab, index: number, subjects: Subject[]): Promise<Lane> {
  const state = `/var/lib/autoscaler-soak${index}`;
  const backups = `/var/backups/autoscaler-soak${index}`;
  const never = { cpu_thresholds: { [`scale_up_${MOST}`]: 99 }, cpu_duration_minutes: 9999 };
  const projects = subjects.map(({ name }) => [
    name,
    {
      ...{ max_workers: MOST, ...never },
      ...(name === 'jobs' ? { broker_url: 'redis://127.0.0.1:6379/0' } : {}),
    },
  ]);
  const write = async (apply: keyof Lane['configs']) => {
    const path = `/etc/autoscaler/soak${index}-${apply}.json`;
    const config = {
      projects: Object.fromEntries(projects) as unknown,
      global: { state_dir: state, backup_dir: backups, apply },
    };
    await lab.writeFile(path, JSON.stringify(config), { mode: 0o600 });
    return path;
  };
  const configs = { restart: await write('restart'), live: await write('live') };
  return { configs, state, backups, subjects };
}

/** One change, with what befalls it. */
async function makeChange(
  lab: Lab,
  { configs, subjects }: Lane,
  random: () => number,
  result: SoakResult,
  say: (line: string) => void,
): Promise<void> {
  const { service } = subjects[Math.floor(random() * subjects.length)] ?? { service: '' };
  const workers = 1 + Math.floor(random() * MOST);
  const fate = random();
  const delayMs = Math.floor(random() * 5000);
  const apply = random() < 0.5 ? 'live' : 'restart';
  if (apply === 'live') result.live += 1;
  const argv = ['--config', configs[apply], 'scale', service, String(workers)];
  if (fate < 0.25) {
    // the tool, at any moment
    const running = lab.spawn([...lab.autoscalerArgv, ...argv], PATIENT);
    const timer = setTimeout(() => {
      result.toolKills += 1;
      running.kill('SIGKILL');
    }, delayMs);
    count(await running.done, result, `${apply}, tool after ${delayMs} ms`, say);
    clearTimeout(timer);
    return;
  }
  const done = lab.autoscaler(argv, PATIENT);
  let killed = 'nothing';
  if (fate < 0.45) {
    await sleep(delayMs);
    const main = `$(systemctl show -p MainPID --value ${service})`;
    const { stdout } = await lab.sh(
      fate < 0.38
        ? `pid=$(pgrep -P ${main} | shuf -n 1); kill -KILL $pid && echo killed`
        : `kill -KILL ${main} && echo killed`,
    );
    if (stdout !== '') {
      result[fate < 0.38 ? 'workerKills' : 'masterKills'] += 1;
      killed = `${fate < 0.38 ? 'a worker' : 'the master'} after ${delayMs} ms`;
    }
  }
  count(await done, result, `${apply}, ${killed}`, say);
}

function count(
  { exitCode, stdout, stderr }: { exitCode: number | null; stdout: string; stderr: string },
  result: SoakResult,
  fate: string,
  say: (line: string) => void,
): void {
  if (exitCode === 0) result.applied += 1;
  else result.failed += 1;
  if (exitCode === 1) say(`failed (killed in ${fate}): ${`${stdout} ${stderr}`.trim()}`);
  const isKnown = exitCode === null || exitCode === 0 || exitCode === 1 || exitCode === 137;
  if (!isKnown || stderr.includes('this is a bug')) {
    result.faults.push(`ended with ${exitCode}: ${stdout}${stderr}`);
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** mulberry32: small, and the same everywhere. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
