import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { startLab, type Lab } from '../lab/lab.ts';
import { installSubjects, type Subject } from './services.ts';

/** What happened in a soak, and what was not as it should be in the end. */
export interface SoakResult {
  seed: number;
  changes: number;
  applied: number;
  failed: number;
  toolKills: number;
  workerKills: number;
  masterKills: number;
  faults: string[];
}

interface Lane {
  config: string;
  state: string;
  backups: string;
  subjects: Subject[];
}

const PATIENT = { timeoutMs: 300_000 };
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
    const result: SoakResult = {
      ...{ seed, changes: 0, applied: 0, failed: 0 },
      ...{ toolKills: 0, workerKills: 0, masterKills: 0, faults: [] },
    };
    const random = randomFrom(seed);
    await Promise.all(
      lanes.map(async (lane) => {
        while (result.changes < changes) {
          result.changes += 1;
          if (result.changes % 25 === 0) say(`${result.changes} of ${changes}`);
          await makeChange(lab, lane, random, result);
        }
      }),
    );
    for (const lane of lanes) await examine(lab, lane, result.faults);
    const ours = await lab.exec(['pgrep', '-af', 'dist/main[.]js|^cp ']);
    if (ours.stdout !== '') result.faults.push(`left running: ${ours.stdout}`);
    return result;
  } finally {
    await lab.stop();
  }
}

async function makeLane(lab: Lab, index: number, subjects: Subject[]): Promise<Lane> {
  const lane = {
    config: `/etc/autoscaler/soak${index}.json`,
    state: `/var/lib/autoscaler-soak${index}`,
    backups: `/var/backups/autoscaler-soak${index}`,
    subjects,
  };
  const never = { cpu_thresholds: { [`scale_up_${MOST}`]: 99 }, cpu_duration_minutes: 9999 };
  const projects = subjects.map(({ name }, place) => [
    name,
    {
      ...{ max_workers: MOST, apply: place === 0 ? 'restart' : 'live', ...never },
      ...(name === 'jobs' ? { broker_url: 'redis://127.0.0.1:6379/0' } : {}),
    },
  ]);
  const config = {
    projects: Object.fromEntries(projects) as unknown,
    global: { state_dir: lane.state, backup_dir: lane.backups },
  };
  await lab.writeFile(lane.config, JSON.stringify(config), { mode: 0o600 });
  return lane;
}

/** One change, with what befalls it. */
async function makeChange(
  lab: Lab,
  { config, subjects }: Lane,
  random: () => number,
  result: SoakResult,
): Promise<void> {
  const { service } = subjects[Math.floor(random() * subjects.length)] ?? { service: '' };
  const workers = 1 + Math.floor(random() * MOST);
  const fate = random();
  const delayMs = Math.floor(random() * 5000);
  const argv = ['--config', config, 'scale', service, String(workers)];
  if (fate < 0.25) {
    // the tool, at any moment
    const running = lab.spawn([...lab.autoscalerArgv, ...argv], PATIENT);
    const timer = setTimeout(() => {
      result.toolKills += 1;
      running.kill('SIGKILL');
    }, delayMs);
    count(await running.done, result);
    clearTimeout(timer);
    return;
  }
  const done = lab.autoscaler(argv, PATIENT);
  if (fate < 0.45) {
    await sleep(delayMs);
    const main = `$(systemctl show -p MainPID --value ${service})`;
    const { stdout } = await lab.sh(
      fate < 0.38
        ? `pid=$(pgrep -P ${main} | shuf -n 1); kill -KILL $pid && echo killed`
        : `kill -KILL ${main} && echo killed`,
    );
    if (stdout !== '') result[fate < 0.38 ? 'workerKills' : 'masterKills'] += 1;
  }
  count(await done, result);
}

function count(
  { exitCode, stdout, stderr }: { exitCode: number | null; stdout: string; stderr: string },
  result: SoakResult,
): void {
  if (exitCode === 0) result.applied += 1;
  else result.failed += 1;
  const isKnown = exitCode === null || exitCode === 0 || exitCode === 1 || exitCode === 137;
  if (!isKnown || stderr.includes('this is a bug')) {
    result.faults.push(`ended with ${exitCode}: ${stdout}${stderr}`);
  }
}

/** After a last run, which recovers what is open: files, services, journal; then all is rolled back. */
async function examine(lab: Lab, lane: Lane, faults: string[]): Promise<void> {
  const last = await lab.autoscaler(['--config', lane.config, 'run'], PATIENT);
  if (last.exitCode !== 0) faults.push(`the last run: ${last.stdout}${last.stderr}`);
  for (const subject of lane.subjects) {
    const { service, serves } = subject;
    if (!(await serves(lab))) faults.push(`${service} does not serve`);
    for (const [path, text] of subject.files) {
      if (text === null) continue;
      const now = readFileSync(lab.path(path), 'utf8');
      if (withoutNumber(now) !== withoutNumber(text)) faults.push(`${path} differs: ${now}`);
    }
  }
  const changes = lab.path(`${lane.backups}/changes`);
  const names = existsSync(changes) ? readdirSync(changes) : [];
  const odd = names.filter((name) => !/^\d+-[a-z]+\.service$/.test(name));
  if (odd.length > 0) faults.push(`left in the journal: ${odd.join(' ')}`);
  // 50 of each service and those that are needed for ever
  if (names.length > 120) faults.push(`${names.length} changes are kept`);
  const back = await lab.autoscaler(['--config', lane.config, 'rollback', '--keep-timer'], PATIENT);
  if (back.exitCode !== 0) faults.push(`the rollback: ${back.stdout}${back.stderr}`);
  for (const { service, files, serves } of lane.subjects) {
    if (!(await serves(lab))) faults.push(`${service} does not serve after the rollback`);
    for (const [path, text] of files) {
      const found = lab.path(path);
      const now = existsSync(found) ? readFileSync(found, 'utf8') : null;
      if (now !== text) faults.push(`${path} is not as it was: ${now}`);
      if (text === null && existsSync(dirname(found))) faults.push(`${dirname(path)} was left`);
      if (!existsSync(dirname(found))) continue;
      const left = readdirSync(dirname(found)).filter((name) => name.startsWith('.autoscaler'));
      if (left.length > 0) faults.push(`left: ${left.join(' ')}`);
    }
  }
}

/** The units of the soak hold no other number that a change could hit. */
function withoutNumber(text: string): string {
  return text.replace(/(--workers |-w|-c |WEB_CONCURRENCY=|COUNT=")\d+/, '$1N');
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
