import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab } from '../../lab/lab.ts';
import { installUnit, redisUnit } from '../../lab/services.ts';
import * as host from './host.ts';

const HISTORY = '/var/lib/autoscaler/history.jsonl';
/** how long the queue of the honest broker must be long */
const UP_S = 4;
const QUEUE = {
  ...{ min_workers: 2, max_workers: 9, queue_thresholds: { scale_up_4: 10, scale_down_2: 1 } },
  queue_duration_minutes: { scale_up: UP_S / 60, scale_down: 60 },
};
/** Longer than any of a broker's own words may be, with what we say around them. */
const LONGEST = 450;

/** What they say in time is right, whatever they say besides. */
const HARMLESS = /-with-|-at-close$/;
const JOBS = host.webUnit({ user: 'jobs', port: 8001, count: '--workers 2' });

interface Sample {
  kind: string;
  at: string;
  uptime_s: number;
  span_s: number | null;
  services: Record<string, Record<string, unknown>>;
}

describe('brokers that a hostile user runs', { timeout: 280_000 }, () => {
  let lab: Lab;
  let redis: string[];
  let amqp: string[];
  const ports = new Map<string, number>();

  before(async () => {
    lab = await host.startHost(['alice', 'jobs']);
    const servers = await host.startAs(lab, 'alice', ['brokers.py', '7000']);
    for (const [, name, port] of servers.said.matchAll(/ ([a-z0-9-]+):(\d+)/g)) {
      ports.set(name!, Number(port));
    }
    amqp = [...ports.keys()].filter((name) => name.startsWith('a-'));
    redis = [...ports.keys()].filter((name) => !name.startsWith('a-'));
    await installUnit(lab, 'redis-tests.service', redisUnit());
    for (const name of ports.keys()) {
      await lab.writeFile(
        `/etc/systemd/system/${name}.service`,
        host.webUnit({ user: 'alice', port: 1, execStart: '/usr/bin/celery -A tasks worker -c 2' }),
      );
    }
    // an honest one: nobody takes from its queue
    await installUnit(lab, 'jobs.service', JOBS);
    await lab.ok('seq 20 | xargs redis-cli lpush waiting');
  });
  after(() => lab.stop());
  beforeEach(async () => {
    await installUnit(lab, 'jobs.service', JOBS);
    await lab.ok('systemctl restart jobs');
    await host.reset(lab);
  });

  const configure = (names: readonly string[]) => {
    const scheme = (name: string) => (name.startsWith('a-') ? 'amqp' : 'redis');
    const theirs = names.map((name) => [
      name,
      { ...QUEUE, kind: 'celery', broker_url: `${scheme(name)}://127.0.0.1:${ports.get(name)}/0` },
    ]);
    return host.writeConfig(
      lab,
      {
        ...(Object.fromEntries(theirs) as Record<string, object>),
        jobs: { ...QUEUE, queues: ['waiting'], broker_url: 'redis://127.0.0.1:6379/0' },
        shop: host.LIMITS,
      },
      { check_interval_seconds: 20, log_file: '/var/log/autoscaler.log' },
    );
  };

  /** Two runs, so far apart that the honest queue has been long for long enough: both honest services are served. */
  async function assertOthersServed(names: readonly string[]): Promise<string> {
    const first = await host.run(lab, { seconds: 60 });
    host.assertServed(first.get('shop'));
    await sleep(UP_S * 1000);
    const { get, stdout, stderr, exitCode, ms } = await host.run(lab, { seconds: 60 });
    assert.deepEqual([first.exitCode, exitCode], [1, 1], stderr);
    const jobs = get('jobs');
    assert.deepEqual(
      [jobs.action, jobs.applied, jobs.running],
      ['scale_up', true, 4],
      jobs.error ?? jobs.reason,
    );
    for (const name of names) {
      const { action, error, reason } = get(name);
      const what = `${name}: ${action}, ${error}, ${reason}`;
      assert.ok(action === 'none' && (error !== null || HARMLESS.test(name)), what.slice(0, 2000));
      assert.ok((error?.length ?? 0) < LONGEST, `${name}: ${error?.length} characters`);
    }
    assert.ok(ms < 40_000, `${ms} ms`);
    return first.stdout + first.stderr + stdout + stderr;
  }

  /** What was said is lines of text that nothing can hide in. */
  function assertClean(what: string, said: string): void {
    const found =
      /[\0-\x08\x0b-\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029]/u.exec(
        // a terminal has colours and returns, and a line that says what is waited for
        said.replaceAll(/\x1b\[(?:(?:\d{1,2}(?:;\d{1,2})*)?m|2K|G)|\r\n/g, '\n'),
      );
    if (found === null) return;
    assert.fail(
      `${what}: ${JSON.stringify(said.slice(Math.max(0, found.index - 100), found.index + 100))}`,
    );
  }

  async function assertAllClean(projects: readonly string[]): Promise<void> {
    const commands = [
      ['run'],
      ['run', '--dry-run'],
      ['metrics', 'all'],
      ...projects.map((project) => ['metrics', 'celery_queue', project]),
      ['status'],
      ['check'],
      ...projects.map((project) => ['explain', project]),
      ['history'],
      ['history', '--csv'],
      ['report', '--output', '/run/report.html', '--force'],
    ];
    for (const args of commands) {
      const { stdout, stderr, isLate } = await host.measured(lab, args, 40);
      assert.ok(!isLate, args.join(' '));
      host.assertNoTrace(stdout + stderr);
      assertClean(args.join(' '), stdout + stderr);
      assert.ok(stdout.length + stderr.length < 200_000, args.join(' '));
    }
    for (const args of ['run', 'status', 'check', 'metrics all']) {
      const shown = await lab.ok(`script -qec "autoscaler ${args}" /dev/null < /dev/null; true`);
      assertClean(`${args} on a terminal`, shown);
    }
    assertClean('the log file', await lab.readFile('/var/log/autoscaler.log'));
    assert.ok(!(await lab.readFile('/run/report.html')).includes('\x1b'));
  }

  test('Redis: numbers that are none, texts, lists, 5 MB of escapes, endless, slow, gone: each costs its own project alone', async () => {
    await configure(redis);
    const said = await assertOthersServed(redis);
    assertClean('run --json', said);
  });

  test('AMQP: frames for other channels, unknown classes and methods, cut, endless, escapes: each costs its own project alone', async () => {
    await configure(amqp);
    const said = await assertOthersServed(amqp);
    assertClean('run --json', said);
  });

  test('what brokers say is cleaned and cut wherever it is shown', async () => {
    await configure(['escapes', 'long', 'minus', 'infinity', 'a-close', 'a-farewell', 'a-http']);
    await host.measured(lab, ['run']);
    await assertAllClean(['escapes', 'a-close']);
  });

  test('a history in which one value of a sample is none: the rest of that sample counts', async () => {
    await configure(['minus']);
    await host.measured(lab, ['run']);
    const lines = (await lab.readFile(HISTORY)).trim().split('\n');
    const last = lines
      .map((line) => JSON.parse(line) as Sample)
      .findLast(({ kind }) => kind === 'sample');
    assert.ok(last !== undefined);
    const bad: unknown[] = [-5, 'x', [1], { a: 1 }, true, -0.5];
    const samples = bad.map((value, index) => {
      const ageS = (bad.length - index) * 2;
      const own = { ...last.services['minus.service'], queue_length: value };
      const jobs = { ...last.services['jobs.service'], workers: 2, running: 2, queue_length: 20 };
      return {
        ...last,
        at: new Date(Date.parse(last.at) - ageS * 1000).toISOString(),
        ...{ uptime_s: last.uptime_s - ageS, span_s: 2 },
        services: { ...last.services, 'minus.service': own, 'jobs.service': jobs },
      };
    });
    await lab.writeFile(HISTORY, samples.map((sample) => `${JSON.stringify(sample)}\n`).join(''), {
      mode: 0o640,
    });
    const { get, stderr } = await host.run(lab, { seconds: 60 });
    const { action, to, reason } = get('jobs');
    assert.deepEqual([action, to], ['scale_up', 4], reason + stderr);
  });
});
