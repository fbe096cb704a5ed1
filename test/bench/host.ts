import { readFileSync } from 'node:fs';
import { startLab, type Lab } from '../lab/lab.ts';
import { celeryUnit, gunicornUnit, redisUnit } from '../lab/services.ts';

const RUNS_A_DAY = 720;
export const RUNS_A_YEAR = 263_000;

/** A project and its state in the lab: all that the benched programs read. */
export interface Case {
  services: number;
  config: string;
  stateDir: string;
}

/** A lab with idle services, and configs that name the first of them. */
export interface BenchHost {
  lab: Lab;
  /** five Gunicorn and one Celery on one Redis */
  six: Case;
  /** null in the short form */
  fifty: Case | null;
}

/** Boots a lab with six services, or fifty on three brokers; none of them has anything to do. */
export async function startBenchHost(isShort: boolean): Promise<BenchHost> {
  const lab = await startLab();
  try {
    const [webs, tasks, brokers] = isShort ? [5, 1, 1] : [44, 6, 3];
    const units: string[] = [];
    const write = async (name: string, text: string): Promise<void> => {
      units.push(`${name}.service`);
      await lab.writeFile(`/etc/systemd/system/${name}.service`, text);
    };
    for (let i = 0; i < brokers; i++) await write(`redis${i}`, redisUnit({ port: 6379 + i }));
    for (let i = 0; i < webs; i++) {
      await write(`web${i}`, gunicornUnit({ bind: `127.0.0.1:${8000 + i}` }));
    }
    for (let i = 0; i < tasks; i++) {
      const broker = brokerOf(i, brokers);
      await write(`tasks${i}`, celeryUnit({ broker, args: `-n tasks${i}@%%h` }));
    }
    await lab.ok(`systemctl daemon-reload && systemctl start ${units.join(' ')}`, {
      timeoutMs: 300_000,
    });
    const six = await writeCase(lab, 'six', { webs: 5, tasks: 1, brokers: 1 });
    const fifty = isShort ? null : await writeCase(lab, 'fifty', { webs, tasks, brokers });
    return { lab, six, fifty };
  } catch (error) {
    await lab.stop();
    throw error;
  }
}

function brokerOf(index: number, brokers: number): string {
  return `redis://127.0.0.1:${6379 + (index % brokers)}/0`;
}

interface Size {
  webs: number;
  tasks: number;
  brokers: number;
}

async function writeCase(lab: Lab, name: string, size: Size): Promise<Case> {
  const stateDir = `/var/lib/autoscaler-${name}`;
  const config = `/etc/autoscaler/${name}.json`;
  const projects = {
    ...Object.fromEntries(Array.from({ length: size.webs }, (_, i) => [`web${i}`, WEB])),
    ...Object.fromEntries(
      Array.from({ length: size.tasks }, (_, i) => [
        `tasks${i}`,
        { ...TASKS, redis_url: brokerOf(i, size.brokers) },
      ]),
    ),
  };
  const places = { state_dir: stateDir, backup_dir: `/var/backups/autoscaler-${name}` };
  const global = { check_interval_seconds: 120, log_file: `${stateDir}.log`, ...places };
  await lab.writeFile(config, JSON.stringify({ projects, global }, null, 2));
  // where an installed program keeps what it knows of its config
  await lab.ok('mkdir -p -m 0750 /var/lib/autoscaler');
  return { services: size.webs + size.tasks, config, stateDir };
}

/** Nothing to do, whatever else the machine does: the histories are of half of its CPU. A threshold of 100 would give a warning. */
const WEB = {
  min_workers: 2,
  max_workers: 10,
  cpu_thresholds: { scale_up_3: 99.9, scale_down_2: 30 },
  cpu_duration_minutes: { scale_up: 10, scale_down: 10 },
  memory_threshold_mb: 100,
  working_dir: '/srv/web',
  venv_path: '/srv/web/venv',
  wsgi_module: 'web:app',
};
const TASKS = {
  min_workers: 1,
  max_workers: 12,
  queue_thresholds: { scale_up_4: 10, scale_up_6: 20, scale_up_12: 50, scale_down_2: 2 },
  queue_duration_minutes: { scale_up: 2, scale_down: 10 },
};

/** Files of the lab that are as they were before each reading, by what they are copied from. */
export interface Prepared {
  day: Record<string, string>;
  year: Record<string, string>;
}

/** What the history keeps: see src/state/history.ts. */
const FILE_BYTES = 7_900_000;
const OLDER_FILES = 5;

/**
 * Runs the program until it is warm, then lays histories of a day and of a year beside its state, made from
 * what it wrote itself. `withYear` is for the case whose age is measured.
 */
export async function prepareCase(
  { lab }: BenchHost,
  { config, stateDir }: Case,
  withYear: boolean,
): Promise<Prepared> {
  // in turn, as on a host: what each of them needs has been compiled then
  for (let i = 0; i < WARM_CALLS; i++) {
    for (const command of [['--version'], ['--help'], ['run'], ['metrics', 'all'], ['status']]) {
      const { exitCode, stderr } = await lab.autoscaler([...command, '--config', config]);
      if (exitCode !== 0) throw new Error(`${command.join(' ')} ends with ${exitCode}: ${stderr}`);
    }
  }
  const line = (await lab.readFile(`${stateDir}/history.jsonl`)).trim().split('\n').at(-1) ?? '';
  const known = '/var/lib/autoscaler/config.checked';
  await lab.ok(`cp ${known} ${stateDir}.checked`);
  const prepare = async (name: string, lines: string[]): Promise<Record<string, string>> => {
    await lab.writeFile(`${stateDir}.${name}`, toText(lines));
    return {
      [`${stateDir}/history.jsonl`]: `${stateDir}.${name}`,
      [known]: `${stateDir}.checked`,
    };
  };
  const day = await prepare('day', makeHistory(line, RUNS_A_DAY));
  if (!withYear) return { day, year: {} };
  const year = makeHistory(line, RUNS_A_YEAR);
  const perFile = Math.floor(FILE_BYTES / (line.length + 1));
  for (let older = 1; older <= OLDER_FILES; older++) {
    const lines = year.slice(-(older + 1) * perFile, -older * perFile);
    await lab.writeFile(`${stateDir}/history.jsonl.${older}`, toText(lines), { mode: 0o640 });
  }
  return { day, year: await prepare('year', year.slice(-perFile)) };
}

/** After ten calls that use a part of the program nothing is added to its compiled form: see src/boot.ts. */
const WARM_CALLS = 11;

function toText(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`;
}

interface Written {
  at: string;
  boot: string;
  uptime_s: number;
  span_s: number | null;
  host: { cpu_percent: number | null };
}

/** The same sample every two minutes up to now, of another boot where this one is not as old. */
function makeHistory(line: string, count: number): string[] {
  const sample = JSON.parse(line) as Written;
  const uptimeS = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
  return Array.from({ length: count }, (_, index) => {
    const agoS = (count - 1 - index) * 120 + 10;
    const isBefore = agoS >= uptimeS;
    return JSON.stringify({
      ...sample,
      at: new Date(Date.now() - agoS * 1000).toISOString(),
      boot: isBefore ? '0'.repeat(sample.boot.length) : sample.boot,
      uptime_s: Math.round((isBefore ? 1e9 - agoS : uptimeS - agoS) * 100) / 100,
      span_s: 120,
      host: { ...sample.host, cpu_percent: 50 },
    });
  });
}
