import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Sample } from '../../src/model/types.ts';
import type { CheckDocument } from '../../src/commands/check/report.ts';
import type { ServiceReport } from '../../src/commands/run/run-report.ts';
import { httpLoad } from '../lab/http-load.ts';
import { startLab, type Lab } from '../lab/lab.ts';
import { gunicornUnit, installUnit } from '../lab/services.ts';

const INTERVAL_S = 2;
/** longer than what is measured before the service is raised, and so restarted */
const MINUTES = { scale_up: 12 / 60, scale_down: 10 };

/** Two services with the same thresholds on the same host; only one of them has anything to do. */
describe('what a service itself uses', () => {
  let lab: Lab;

  before(async () => {
    lab = await startLab();
    await installUnit(lab, 'busy.service', gunicornUnit());
    await installUnit(lab, 'idle.service', gunicornUnit({ bind: '127.0.0.1:8001' }));
    const project = {
      max_workers: 3,
      // others may use this machine too: what counts here is whose CPU it is
      cpu_thresholds: { scale_up_3: 5 },
      cpu_duration_minutes: MINUTES,
      min_own_cpu_share: 5,
      cpu_pressure_thresholds: { scale_up_3: 1 },
      pressure_duration_minutes: 60,
    };
    await lab.writeFile(
      '/etc/autoscaler/config.json',
      JSON.stringify({
        projects: { busy: project, idle: project },
        global: { check_interval_seconds: INTERVAL_S },
      }),
    );
  });

  after(() => lab.stop());

  const run = async (): Promise<Map<string, ServiceReport>> => {
    const { exitCode, stdout, stderr } = await lab.autoscaler(['run', '--json']);
    assert.equal(exitCode, 0, stderr);
    const { services } = JSON.parse(stdout) as { services: ServiceReport[] };
    return new Map(services.map((service) => [service.project, service]));
  };

  const lastSample = async (): Promise<Sample> => {
    const lines = await lab.ok('grep \'"kind":"sample"\' /var/lib/autoscaler/history.jsonl');
    return JSON.parse(lines.trim().split('\n').at(-1)!) as Sample;
  };

  /** The counters of a unit's group as the kernel has them, and when: seconds. */
  const readGroup = async (unit: string) => {
    const text = await lab.ok(
      `cd /sys/fs/cgroup/system.slice/${unit}; cut -d" " -f1 /proc/uptime; grep usage_usec cpu.stat; grep some cpu.pressure`,
    );
    const numbers = /^([\d.]+)\nusage_usec (\d+)\nsome .*total=(\d+)/.exec(text)!;
    return {
      atS: Number(numbers[1]),
      usageUs: Number(numbers[2]),
      pressureUs: Number(numbers[3]),
    };
  };

  test('only the service that keeps the host busy is raised, by numbers that the kernel has too', async () => {
    const load = httpLoad(lab, { url: 'http://127.0.0.1:8000/cpu?ms=20', seconds: 60 });
    await run();
    await sleep(1000);
    await run();
    const from = await readGroup('busy.service');
    await sleep(1900);
    const reports = await run();
    const to = await readGroup('busy.service');
    const { services, host, span_s: spanS } = await lastSample();
    const own = services['busy.service']!;
    const cores = (to.usageUs - from.usageUs) / 1e6 / (to.atS - from.atS);
    const pressure = (to.pressureUs - from.pressureUs) / 1e4 / (to.atS - from.atS);
    const told = JSON.stringify({ cores, pressure, spanS, from, to, own, host });
    assert.ok(own.cpu_cores! > 0.05, told);
    // not the very same interval: some tenths of a second at either end
    assert.ok(Math.abs(own.cpu_cores! - cores) < 0.35 * Math.max(cores, 0.3), told);
    assert.ok(Math.abs(own.cpu_pressure! - pressure) < 35, told);
    assert.ok(services['idle.service']!.cpu_cores! < 0.1, told);
    if (process.env['SHOW'] !== undefined) console.log(told);

    let busy = reports.get('busy')!;
    let idle = reports.get('idle')!;
    for (let i = 0; i < 12 && busy.action !== 'scale_up'; i++) {
      await sleep(1500);
      const next = await run();
      busy = next.get('busy')!;
      idle = next.get('idle')!;
      assert.notEqual(idle.action, 'scale_up', idle.reason);
    }
    load.stop();
    await load.done;
    assert.equal(busy.action, 'scale_up', busy.reason);
    assert.equal(busy.running, 3);
    assert.equal(idle.hold, 'own_cpu_share', idle.reason);
    assert.match(
      idle.reason,
      /host cpu \S+ % > 5 % for .*, but idle used \S+ % of it \(needs 5 %\)/,
    );
    assert.match(idle.reason, /→ stays at 2$/);
  });

  test('metrics all shows it, each with its unit', async () => {
    const { stdout, exitCode } = await lab.autoscaler(['metrics', 'all']);
    assert.equal(exitCode, 0, stdout);
    assert.match(stdout, /OWN CPU +OF THE BUSY +PER WORKER +CPU PRESSURE +MEMORY PRESSURE/);
    assert.match(stdout, /idle +\d+\.\d % +\d+\.\d % +\d+\.\d % +\d+\.\d %/);
  });

  test('a service that grows is lowered before memory runs out, by what its workers hold', async () => {
    await installUnit(
      lab,
      'grow.service',
      gunicornUnit({ bind: '127.0.0.1:8002', count: '--workers 3' }),
    );
    // each request may meet any worker: ten of 40 MB are 400 MB in three of them
    await lab.ok(
      'for i in 1 2 3 4 5 6 7 8 9 10; do curl -fsS "http://127.0.0.1:8002/grow?ms=40" >/dev/null; done',
    );
    const pss = await lab.ok(
      'for p in $(pgrep -P $(systemctl show -P MainPID grow.service)); do grep ^Pss: /proc/$p/smaps_rollup; done',
    );
    const heldMb = [...pss.matchAll(/(\d+) kB/g)].reduce(
      (sum, [, kb]) => sum + Number(kb) / 1024,
      0,
    );
    const available = await lab.ok("awk '/MemAvailable/ { print int($2 / 1024) }' /proc/meminfo");
    const project = {
      ...{ min_workers: 1, max_workers: 3, cpu_thresholds: { scale_down_1: 0.1 } },
      // well above what there is: others on this machine give memory back meanwhile
      ...{ memory_threshold_mb: Number(available) + 1000, memory_scale_down: true },
    };
    await lab.writeFile(
      '/etc/autoscaler/grow.json',
      JSON.stringify({ projects: { grow: project } }),
    );
    const { stdout } = await lab.autoscaler(
      ['run', '--json', '--config', '/etc/autoscaler/grow.json'],
      { timeoutMs: 60_000 },
    );
    const [report] = (JSON.parse(stdout) as { services: ServiceReport[] }).services;
    assert.equal(report?.action, 'scale_down', report?.reason);
    assert.match(
      report.reason,
      /MB memory available, \d+ MB must remain, \S+ MB a worker: \S+ MB short → /,
    );
    assert.ok(report.applied && report.running === report.to && report.to! < 3);
    const own = (await lastSample()).services['grow.service']!;
    const told = JSON.stringify({ heldMb, own });
    assert.ok(heldMb > 400 && Math.abs(own.memory_mb! - heldMb) < 10, told);
    assert.ok(Math.abs(own.worker_peak_mb! - heldMb / 3) < 5, told);
    if (process.env['SHOW'] !== undefined) console.log(told, report.reason);
  });

  test('limits of the unit: check names what they keep it from, and no more are added than fit', async () => {
    const limited = gunicornUnit({ lines: ['MemoryMax=150M', 'CPUQuota=50%'] });
    await installUnit(lab, 'busy.service', limited);
    const project = {
      min_workers: 1,
      max_workers: 30,
      service_cpu_thresholds: { scale_up_30: 80 },
    };
    const config = '/etc/autoscaler/limited.json';
    await lab.writeFile(config, JSON.stringify({ projects: { busy: project } }));
    const { stdout } = await lab.autoscaler(['check', '--json', '--config', config]);
    const { findings } = JSON.parse(stdout) as CheckDocument;
    const evidence = (code: string) => findings.find((found) => found.code === code)?.evidence;
    assert.match(
      evidence('up_out_of_reach') ?? stdout,
      /scale_up_30 needs service cpu above 80 %, and 29 workers on 0\.5 processors \(CPUQuota of busy\.service\) compute at most 1\.7 % each/,
    );
    assert.match(
      evidence('memory_beyond_group') ?? stdout,
      /MemoryMax of busy\.service is 150 MB, of which \d+ MB is in use; at \d+ MB per worker it has room for \d+ workers, but max_workers is 30/,
    );
    await lab.ok(`${lab.autoscalerArgv.join(' ')} --config ${config} pin busy 30`);
    const dry = await lab.autoscaler(['run', '--dry-run', '--json', '--config', config]);
    const [report] = (JSON.parse(dry.stdout) as { services: ServiceReport[] }).services;
    assert.match(
      report?.reason ?? dry.stderr,
      /MemoryMax of busy\.service 150 MB, \S+ MB in use, \S+ MB a worker: 30 workers wanted, \d+ possible/,
    );
    assert.ok(report!.to! > 2 && report!.to! < 30, report!.reason);
  });
});
