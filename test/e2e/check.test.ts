import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { CheckDocument } from '../../src/commands/check/report.ts';
import { startLab, type Lab } from '../lab/lab.ts';
import { celeryUnit, gunicornUnit, installUnit, redisUnit } from '../lab/services.ts';

const CONFIG = '/etc/autoscaler/config.json';
const SECRET = 's3cret-word';
const BROKER = `redis://:${SECRET}@127.0.0.1:6379/0`;

const CPU = { max_workers: 4, cpu_thresholds: { scale_up_4: 60, scale_down_2: 25 } };
const QUEUE = {
  max_workers: 4,
  queue_thresholds: { scale_up_4: 10, scale_down_2: 2 },
  broker_url: BROKER,
};

describe('check on a host', { timeout: 200_000 }, () => {
  let lab: Lab;

  before(async () => {
    lab = await startLab();
    await installUnit(lab, 'redis.service', redisUnit({ password: SECRET }));
    await installUnit(lab, 'web.service', gunicornUnit({ args: '--threads 2' }));
    await installUnit(lab, 'tasks.service', celeryUnit({ broker: BROKER }));
    await lab.writeFile('/opt/own/start', '#!/bin/sh\nexec sleep 1000\n', { mode: 0o755 });
    await installUnit(lab, 'opaque.service', '[Service]\nExecStart=/opt/own/start\n');
    await lab.ok('ln -s web.service /etc/systemd/system/shop.service; systemctl daemon-reload');
    const count = 'pgrep -c -P $(systemctl show -P MainPID tasks)';
    await lab.until(async () => Number((await lab.sh(count)).stdout) > 0, { what: 'the pool' });
  });
  after(() => lab.stop());

  async function check(projects: object, ...args: string[]) {
    await lab.writeFile(CONFIG, JSON.stringify({ projects }), { mode: 0o640 });
    const { exitCode, stdout, stderr } = await lab.autoscaler(['check', '--json', ...args]);
    assert.ok(!`${stdout}${stderr}`.includes(SECRET), 'a secret is printed');
    const { findings } = JSON.parse(stdout) as CheckDocument;
    const codes = (project: string | null) =>
      findings.filter((finding) => finding.project === project).map(({ code }) => code);
    return { exitCode, findings, codes };
  }

  test('services that are well: where the number stands, live possible, the broker answers; nothing is written', async () => {
    const projects = { web: { ...CPU, apply: 'live' }, tasks: { ...QUEUE, apply: 'live' } };
    const { exitCode, codes, findings } = await check(projects);
    assert.equal(exitCode, 0, JSON.stringify(findings));
    const live = ['service_found', 'live_possible'];
    assert.deepEqual(codes('web').slice(0, 3), [...live, 'connections_kept']);
    assert.deepEqual(codes('tasks').slice(0, 3), [...live, 'broker_ok']);
    const found = findings.find(({ code }) => code === 'service_found');
    assert.match(
      found?.evidence ?? '',
      /2 workers; a change edits \/etc\/systemd\/system\/web\.service/,
    );
    assert.ok(codes(null).includes('timer_missing'));
    assert.ok(codes(null).includes('memory_plan'));
    assert.equal((await lab.sh('ls /var/backups/autoscaler')).exitCode, 2);
    assert.equal((await lab.sh('test -e /var/lib/autoscaler/history.jsonl')).exitCode, 1);
  });

  test('a metric that cannot be had is a warning, and so are numbers from which nothing leads up', async () => {
    await installUnit(
      lab,
      'loops.service',
      gunicornUnit({ bind: '127.0.0.1:8007', args: '-k uvicorn.workers.UvicornWorker' }),
    );
    const { findings } = await check({
      loops: { max_workers: 4, busy_thresholds: { scale_up_4: 80, scale_down_2: 20 } },
      web: { max_workers: 4, cpu_thresholds: { scale_up_4: 100, scale_down_2: 20 } },
    });
    const of = (project: string): string[] =>
      findings
        .filter((each) => each.project === project && each.severity === 'warning')
        .map(({ code }) => code);
    assert.deepEqual(of('loops'), ['metric_unknown', 'up_out_of_reach']);
    assert.deepEqual(of('web'), ['up_out_of_reach']);
    await lab.ok('systemctl stop loops.service');
  });

  test('a timer that is missing is a warning: --strict counts it', async () => {
    const { exitCode } = await check({ web: CPU }, '--strict');
    assert.equal(exitCode, 1);
  });

  test('a Celery without broker_url: what a restart may cost', async () => {
    const { exitCode, findings } = await check({ tasks: CPU });
    const found = findings.find(({ code }) => code === 'restart_unaided');
    assert.deepEqual([exitCode, found?.severity], [0, 'warning']);
    assert.match(found?.evidence ?? '', /no broker_url.* may lose a task/);
  });

  test('what does not work is an error with its remedy', async () => {
    const { exitCode, codes, findings } = await check({
      gone: CPU,
      opaque: CPU,
      tasks: { ...QUEUE, broker_url: `redis://:${SECRET}@127.0.0.1:1/0` },
      flapping: {
        ...{ service_name: 'web', max_workers: 2 },
        cpu_thresholds: { scale_up_2: 40, scale_down_1: 30 },
      },
      twin: { ...CPU, service_name: 'shop' },
    });
    assert.equal(exitCode, 1);
    assert.equal(codes('gone')[0], 'unit_not_loaded');
    assert.ok(codes('opaque').includes('number_opaque_script'));
    assert.ok(codes('tasks').includes('broker_fault'));
    assert.ok(codes('flapping').includes('thresholds_flap'));
    assert.ok(codes('twin').includes('service_twice'));
    for (const { severity, remedy, code } of findings) {
      if (severity === 'error') assert.ok(remedy !== null, code);
    }
  });

  test('a state folder that is not to be trusted, a damaged history, pauses that cannot be read', async () => {
    await lab.ok('mkdir -p /var/lib/autoscaler; chmod 0777 /var/lib/autoscaler');
    const open = await check({ web: CPU });
    assert.ok(open.codes(null).includes('state_unusable'));
    await lab.ok('chmod 0750 /var/lib/autoscaler; echo torn > /var/lib/autoscaler/history.jsonl');
    const torn = await check({ web: CPU });
    assert.ok(torn.codes(null).includes('history_damaged'));
    assert.equal(torn.exitCode, 0);
    await lab.ok('echo [] > /var/lib/autoscaler/controls.json');
    const odd = await check({ web: CPU });
    assert.ok(odd.codes(null).includes('controls_unusable'));
    assert.equal(odd.exitCode, 1);
  });
});
