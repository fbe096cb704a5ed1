import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startLab, type Lab } from '../lab/lab.ts';
import { gunicornUnit, installUnit } from '../lab/services.ts';

const PATIENT = { timeoutMs: 120_000 };

let lab: Lab;
before(async () => {
  lab = await startLab();
  await lab.ok('install -d /etc/autoscaler /var/lib/prom && install -d -m 0777 /run/hook');
  const web = { enabled: false, max_workers: 4, cpu_thresholds: { scale_up_4: 100 } };
  const global = {
    textfile: '/var/lib/prom/autoscaler.prom',
    on_event: '{ id -un; cat; } >> /run/hook/told; exit 7',
    on_event_user: 'nobody',
  };
  const config = JSON.stringify({ projects: { web }, global });
  await lab.writeFile('/etc/autoscaler/config.json', `// mine\n${config}\n`);
  await installUnit(lab, 'web.service', gunicornUnit());
});
after(() => lab.stop());

interface Report {
  services: { action: string; hold: string | null; workers: number; reason: string }[];
}

async function run(): Promise<Report['services'][0]> {
  const { exitCode, stdout, stderr } = await lab.autoscaler(['run', '--json'], PATIENT);
  assert.equal(exitCode, 0, stderr);
  return (JSON.parse(stdout) as Report).services[0]!;
}

test('enabled, pinned, paused and resumed on a real service; told to a hook and to Prometheus', async () => {
  const call = async (...args: string[]): Promise<void> => {
    const { exitCode, stderr } = await lab.autoscaler(args, PATIENT);
    assert.equal(exitCode, 0, stderr);
  };
  await call('enable', 'web');
  assert.match(await lab.readFile('/etc/autoscaler/config.json'), /^\/\/ mine\n.*"enabled":true/);

  await call('pin', 'web', '3', '--for', '1h');
  await call('pause', '--for', '1h');
  const paused = await run();
  assert.deepEqual([paused.hold, paused.workers], ['paused', 2]);
  assert.match(paused.reason, /pinned to 3 workers until .*hold: paused until/);

  for (const args of [['status'], ['explain', 'web']]) {
    const { stdout } = await lab.autoscaler(args);
    assert.match(
      stdout.replaceAll(/\s+/g, ' '),
      // the hour alone where it is today, else with the date
      /paused until (?:\S+ \d\d:\d\d UTC|(?:\d+ \w+ )?\d\d:\d\d)/,
      args[0],
    );
  }

  await call('resume');
  assert.equal((await run()).action, 'scale_up');
  assert.equal(
    await lab.ok('pgrep -c -r D,R,S -P $(systemctl show -p MainPID --value web)'),
    '3\n',
  );

  const [user, json] = (await lab.readFile('/run/hook/told')).split('\n');
  const { event, from, to, host } = JSON.parse(json!) as Record<string, unknown>;
  assert.deepEqual([user, event, from, to, host], ['nobody', 'scale_up', 2, 3, lab.name]);

  const metrics = await lab.readFile('/var/lib/prom/autoscaler.prom');
  assert.match(metrics, /^autoscaler_workers\{project="web",service="web\.service"\} 3$/m);
  assert.match(metrics, /^autoscaler_runs_total\{result="ok"\} 2$/m);
});
