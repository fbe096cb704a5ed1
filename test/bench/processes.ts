import { join } from 'node:path';
import { CHECKOUT, type Lab } from '../lab/lab.ts';
import type { BenchHost, Prepared } from './host.ts';
import { median, spreadOf, type Row } from './table.ts';

/** One run of a program: milliseconds, and KiB at its peak, its children included. */
interface Reading {
  cpu: number;
  wall: number;
  memory: number;
  exit: number;
}

interface Program {
  argv: string[];
  restore?: Record<string, string>;
}

/** A ratio of two programs of the same round. */
interface Comparison {
  what: string;
  of: string;
  to: string;
  by: 'cpu' | 'wall' | 'memory';
  bar: number;
  alarm: number;
}

const NODE = [process.execPath, '-e', '0'];

/**
 * Bars are those of docs/performance.md. An alarm is the bar and a third more (of wall time more still), for a
 * machine with other work and another processor.
 */
const COMPARISONS: Comparison[] = [
  { what: 'run, 6 services: CPU', of: 'run', to: 'node', by: 'cpu', bar: 3.5, alarm: 5.5 },
  { what: 'run, 6 services: wall', of: 'run', to: 'node', by: 'wall', bar: 3.5, alarm: 7 },
  { what: 'run, 6 services: memory', of: 'run', to: 'node', by: 'memory', bar: 1.25, alarm: 1.8 },
  {
    what: 'run against a shell script: CPU',
    of: 'run',
    to: 'shell',
    by: 'cpu',
    bar: 0.1,
    alarm: 0.13,
  },
  {
    what: 'run, 50 services against 6: CPU',
    of: 'fifty',
    to: 'run',
    by: 'cpu',
    bar: 2.5,
    alarm: 3.2,
  },
  {
    what: 'run, a year of history against a day: CPU',
    of: 'year',
    to: 'run',
    by: 'cpu',
    bar: 1.05,
    alarm: 1.15,
  },
  { what: '--version: CPU', of: 'version', to: 'node', by: 'cpu', bar: 2, alarm: 2.6 },
  { what: '--help: CPU', of: 'help', to: 'node', by: 'cpu', bar: 2, alarm: 2.6 },
  // it shows what no decision needs: how busy workers are, what they hold, what waits for them
  { what: 'metrics all: CPU', of: 'metrics', to: 'node', by: 'cpu', bar: 4, alarm: 6 },
  // of a day of history
  { what: 'status: CPU', of: 'status', to: 'node', by: 'cpu', bar: 4, alarm: 6 },
];

/** Measures whole processes inside the lab, all in one series of rounds. */
export async function measureProcesses(
  host: BenchHost,
  prepared: { six: Prepared; fifty: Prepared | null },
  rounds: number,
): Promise<Row[]> {
  const { lab, six, fifty } = host;
  const autoscaler = (...args: string[]): string[] => [...lab.autoscalerArgv, ...args];
  const run = (config: string, restore: Record<string, string>): Program => ({
    argv: autoscaler('run', '--config', config),
    restore,
  });
  const shell = join(CHECKOUT, 'test/bench/shell.sh');
  const readings = await measure(lab, rounds, {
    node: { argv: NODE },
    run: run(six.config, prepared.six.day),
    metrics: {
      argv: autoscaler('metrics', 'all', '--config', six.config),
      restore: prepared.six.day,
    },
    status: {
      argv: autoscaler('status', '--config', six.config),
      restore: prepared.six.day,
    },
    version: { argv: autoscaler('--version') },
    help: { argv: autoscaler('--help') },
    shell: { argv: ['/bin/bash', shell, six.config, '/var/tmp/shell-state.json'] },
    ...(fifty !== null &&
      prepared.fifty !== null && { fifty: run(fifty.config, prepared.fifty.day) }),
    ...(fifty !== null && { year: run(six.config, prepared.six.year) }),
  });
  return COMPARISONS.flatMap((comparison) => toRow(comparison, readings));
}

async function measure(
  lab: Lab,
  rounds: number,
  programs: Record<string, Program>,
): Promise<Record<string, Reading[]>> {
  const script = join(CHECKOUT, 'test/bench/measure.py');
  const { exitCode, stdout, stderr } = await lab.exec(['/usr/bin/python3', script], {
    input: JSON.stringify({ rounds, warmups: 1, programs }),
    timeoutMs: 1_200_000,
  });
  if (exitCode !== 0) throw new Error(`measure.py: ${stderr}`);
  const readings = JSON.parse(stdout) as Record<string, Reading[]>;
  for (const [name, all] of Object.entries(readings)) {
    const failed = all.find(({ exit }) => exit !== 0);
    if (failed !== undefined) throw new Error(`${name} ended with ${failed.exit}`);
  }
  return readings;
}

function toRow(
  { what, of, to, by, bar, alarm }: Comparison,
  all: Record<string, Reading[]>,
): Row[] {
  const [readings, references] = [all[of], all[to]];
  if (readings === undefined || references === undefined) return [];
  const ratios = readings.map((reading, round) => reading[by] / references[round]![by]);
  const tell = (values: Reading[]): string => {
    const value = median(values.map((each) => each[by]));
    return by === 'memory' ? `${(value / 1024).toFixed(1)} MB` : `${value.toFixed(1)} ms`;
  };
  const detail = `${tell(readings)} / ${tell(references)}, ${ratios.length} pairs`;
  return [
    { what, value: median(ratios), spread: spreadOf(ratios), unit: ' ×', bar, alarm, detail },
  ];
}
