import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { appendEntries } from '../../src/state/history.ts';
import type { Sample, ServiceSample } from '../../src/model/types.ts';
import { CHECKOUT } from '../lab/lab.ts';
import type { BenchHost } from './host.ts';
import type { Row } from './table.ts';

const MB = 1_000_000;

/** What an installation takes, and that it brings nothing to compile or to run. */
export function measureInstalledSize(): Row {
  const [pack] = JSON.parse(
    execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: CHECKOUT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  ) as [{ unpackedSize: number; files: { path: string }[] }];
  const native = pack.files.filter(({ path }) => path.endsWith('.node'));
  const { scripts } = JSON.parse(readFileSync(join(CHECKOUT, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const hooks = ['preinstall', 'install', 'postinstall'].filter((name) => name in scripts);
  const isPlain = native.length === 0 && hooks.length === 0;
  return {
    ...{ what: 'installed size', value: pack.unpackedSize / MB, spread: null, unit: ' MB' },
    ...{ bar: 3, alarm: isPlain ? 3 : 0 },
    detail: isPlain
      ? 'no native code, no install script'
      : [...native.map(({ path }) => path), ...hooks].join(),
  };
}

/** The history after more than it keeps: of 50 services, a year is 260 times as much. */
export function measureHistorySize(): Row {
  const stateDir = mkdtempSync(join(tmpdir(), 'autoscaler-bench-'));
  try {
    const service: ServiceSample = {
      ...{ workers: 3, running: 3, active: 'active', main_pid: 123_456, queue_length: 17 },
    };
    const services = Object.fromEntries(
      Array.from({ length: 50 }, (_, i) => [`service-number-${i}.service`, service]),
    );
    const sample: Sample = {
      ...{ v: 1, kind: 'sample', at: new Date().toISOString(), boot: '5c9e0000', uptime_s: 9267.1 },
      ...{ span_s: 120, host: { cpu_percent: 71.2, memory_available_mb: 5120 }, services },
    };
    const lines = Math.ceil((70 * MB) / JSON.stringify(sample).length);
    for (let i = 0; i < lines; i++) appendEntries(stateDir, [sample]);
    const files = readdirSync(stateDir).filter((name) => name.startsWith('history'));
    const bytes = files.reduce((sum, name) => sum + statSync(join(stateDir, name)).size, 0);
    return {
      ...{ what: 'history on disk, 50 services', value: bytes / MB, spread: null, unit: ' MB' },
      ...{ bar: 50, alarm: 50, detail: `bounded: ${files.length} files after ${lines} samples` },
    };
  } finally {
    rmSync(stateDir, { recursive: true });
  }
}

/** Programs that an idle run starts, by a look over the shoulder of Node's own child_process. */
export async function countChildren({ lab, six }: BenchHost): Promise<Row> {
  const log = '/var/tmp/children';
  await lab.writeFile(
    '/var/tmp/spy.cjs',
    `const { appendFileSync } = require('node:fs');
const processes = require('node:child_process');
const tell = (file) => appendFileSync('${log}', file + '\\n');
const { spawn } = processes.ChildProcess.prototype;
processes.ChildProcess.prototype.spawn = function (options) { tell(options.file); return spawn.call(this, options); };
for (const name of ['spawnSync', 'execSync', 'execFileSync']) {
  const real = processes[name];
  processes[name] = (file, ...rest) => { tell(file); return real(file, ...rest); };
}
`,
  );
  const run = async (): Promise<string[]> => {
    await lab.writeFile(log, '');
    const { exitCode, stderr } = await lab.exec(
      [process.execPath, '--require', '/var/tmp/spy.cjs', ...lab.autoscalerArgv.slice(1)].concat([
        'run',
        '--config',
        six.config,
      ]),
    );
    if (exitCode !== 0) throw new Error(`run ends with ${exitCode}: ${stderr}`);
    return (await lab.readFile(log)).split('\n').filter((line) => line !== '');
  };
  const children = await run();
  return {
    ...{
      what: 'run, 6 services: child processes',
      value: children.length,
      spread: null,
      unit: '',
    },
    // `flock` for the two locks, systemctl, `head` for command lines, the watchdog's perl
    ...{ bar: 5, alarm: 5, detail: children.join(', ') },
  };
}
