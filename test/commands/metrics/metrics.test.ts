import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { MeasureError } from '../../../src/model/measure-error.ts';
import { EXIT } from '../../../src/errors.ts';
import { writeConfig } from '../../config/write-config.ts';
import { assertDocumented } from '../../docs/json-schemas.ts';
import { freePorts, startRedis, type RedisServer } from '../../queues/redis/server.ts';
import { autoscaler } from '../built.ts';

const PASSWORD = 's3cret-word';
const folder = mkdtempSync(join(tmpdir(), 'autoscaler-metrics-'));
let redis: RedisServer;
let config: string;

before(async () => {
  redis = await startRedis('--requirepass', PASSWORD);
  const [closed] = await freePorts();
  redis.cli('-a', PASSWORD, 'RPUSH', 'celery', 'one', 'two', 'three');
  const queue = (port: number, rest = {}): object => ({
    max_workers: 4,
    queue_thresholds: { scale_up_2: 10 },
    broker_url: `redis://:${PASSWORD}@127.0.0.1:${port}/0`,
    ...rest,
  });
  config = writeConfig(
    JSON.stringify({
      projects: {
        web: { max_workers: 4, cpu_thresholds: { scale_up_2: 60 } },
        tasks: queue(redis.port, { service_name: 'celery-tasks.service' }),
        down: queue(closed),
        off: queue(redis.port, { enabled: false }),
      },
      global: { state_dir: join(folder, 'state') },
    }),
  );
});
after(async () => {
  await redis.stop();
  execFileSync('rm', ['-r', folder]);
});

describe('a metric of the host is a bare number, with no service measured and no systemd', () => {
  for (const metric of ['cpu', 'memory', 'memory_percent']) {
    test(metric, () => {
      const { code, stdout, stderr } = autoscaler(['--config', config, 'metrics', metric]);
      assert.match(stdout, /^\d+(\.\d+)?\n$/);
      assert.equal(stderr, '');
      assert.equal(code, EXIT.ok);
    });
  }

  test('also where there is no config', () => {
    const { code, stdout } = autoscaler(['metrics', 'memory'], { AUTOSCALER_CONFIG: '' });
    assert.match(stdout, /^\d+(\.\d+)?\n$/);
    assert.equal(code, EXIT.ok);
  });

  test('not where one was named that is not there', () => {
    const { code, stdout } = autoscaler(['--config', join(folder, 'none'), 'metrics', 'cpu']);
    assert.deepEqual({ code, stdout }, { code: EXIT.config, stdout: '' });
  });

  test('as JSON', () => {
    const { stdout } = autoscaler(['--config', config, 'metrics', 'memory', '--json']);
    const { memory, ...rest } = assertDocumented('metrics', stdout) as Record<string, unknown>;
    assert.equal(typeof memory, 'number');
    assert.deepEqual(rest, { error: null });
  });
});

describe('the queue of a project', () => {
  const read = (...args: string[]) =>
    autoscaler(['--config', config, 'metrics', 'celery_queue', ...args]);

  const rows: [name: string, target: string][] = [
    ['by project', 'tasks'],
    ['by unit', 'celery-tasks.service'],
    ['by unit without suffix', 'celery-tasks'],
    ['of a disabled project that is named', 'off'],
  ];
  for (const [name, target] of rows) {
    test(name, () => assert.deepEqual(read(target), { code: EXIT.ok, stdout: '3\n', stderr: '' }));
  }

  test('one that cannot be read prints no number: 1, the reason on stderr, no password', () => {
    const { code, stdout, stderr } = read('down');
    assert.equal(stdout, '');
    assert.match(
      stderr,
      /celery_queue is unknown: redis at 127\.0\.0\.1:\d+: nothing is listening there/,
    );
    assert.ok(!stderr.includes(PASSWORD));
    assert.equal(code, EXIT.failed);
  });

  test('as JSON it is null with its error', () => {
    const { code, stdout } = read('down', '--json');
    const { celery_queue, error } = assertDocumented('metrics', stdout) as Record<string, unknown>;
    assert.equal(celery_queue, null);
    const { code: why, text } = error as MeasureError;
    assert.equal(why, 'broker_unreachable');
    assert.match(text, /nothing is listening there/);
    assert.equal(code, EXIT.failed);
  });
});

describe('wrong usage: 64, nothing on stdout, what there is to choose from', () => {
  const rows: [args: string[], told: RegExp][] = [
    [['celery_queue'], /for which project\? expected one of: tasks, down\n/],
    [['celery_queue', 'web'], /web: no such project with a queue; expected one of: tasks, down\n/],
    [['workers'], /for which project\? expected one of: web, tasks, down\n/],
    [['workers', 'webb'], /webb: no such project; expected one of: web, tasks, down\n/],
    [['cpu', 'web'], /metrics cpu is for the whole host: expected no project, found "web"/],
    [['all', 'web'], /metrics all is for the whole host/],
    [['load'], /for which project\? expected one of: tasks, down\n/],
    [['busy', 'webb'], /webb: no such project; expected one of: web, tasks, down\n/],
    [['host_io_pressure', 'web'], /is for the whole host/],
    [['colour'], /Allowed choices are all, cpu, /],
  ];
  for (const [args, told] of rows) {
    test(`metrics ${args.join(' ')}`, () => {
      const { code, stdout, stderr } = autoscaler(['--config', config, 'metrics', ...args]);
      assert.match(stderr, told);
      assert.deepEqual({ code, stdout }, { code: EXIT.usage, stdout: '' });
    });
  }
});

test('a history that others may write to is refused as root: 77', () => {
  const state = join(folder, 'open');
  execFileSync('mkdir', ['-m', '0755', state]);
  writeFileSync(join(state, 'history.jsonl'), '');
  chmodSync(join(state, 'history.jsonl'), 0o666);
  const path = writeConfig(JSON.stringify({ projects: {}, global: { state_dir: state } }));
  const { code, stdout, stderr } = autoscaler(['--config', path, 'metrics', 'memory']);
  if (process.geteuid?.() === 0) {
    assert.match(stderr, /history\.jsonl: expected to be writable by root alone, found mode 666/);
    assert.deepEqual({ code, stdout }, { code: EXIT.permission, stdout: '' });
  } else assert.equal(code, EXIT.ok);
});

test('what no earlier sample says anything of does not ask for the history', () => {
  const state = mkdtempSync(join(folder, 'open-'));
  chmodSync(state, 0o777);
  const broker_url = `redis://:${PASSWORD}@127.0.0.1:${redis.port}/0`;
  const tasks = { max_workers: 4, queue_thresholds: { scale_up_2: 10 }, broker_url };
  const open = writeConfig(JSON.stringify({ projects: { tasks }, global: { state_dir: state } }));
  const { code, stdout } = autoscaler(['--config', open, 'metrics', 'celery_queue']);
  assert.deepEqual({ code, stdout }, { code: EXIT.ok, stdout: '3\n' });
});
