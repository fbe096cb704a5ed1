import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { ServiceSample } from '../../src/model/types.ts';
import { MAIN } from '../commands/built.ts';
import { startRedis, type RedisServer } from './redis/server.ts';
import { assertCleanError } from './clean-error.ts';
import { HOSTILE_AMQP } from './rabbitmq/hostile.ts';
import { HOSTILE_REDIS } from './redis/hostile.ts';
import { startHostile, type Behaviour } from './hostile-server.ts';

const MOST_MB = 150;
/** So many at once: more than a host has, and no more than this process can play. */
const AT_ONCE = 25;

const folder = mkdtempSync(join(tmpdir(), 'autoscaler-hostile-'));
const probe = join(folder, 'probe.cjs');
let healthy: RedisServer;

before(async () => {
  const text = `require('node:fs').writeFileSync(process.env.PEAK, String(process.resourceUsage().maxRSS))`;
  writeFileSync(probe, `process.on('exit', () => ${text});\n`);
  healthy = await startRedis();
  healthy.cli('rpush', 'celery', 'a', 'b', 'c');
});
after(async () => {
  await healthy.stop();
  rmSync(folder, { recursive: true });
});

interface Hostile {
  name: string;
  behave: Behaviour;
  says: RegExp | null;
  counts?: number;
  tls?: boolean;
}

/** All of them and a healthy one, as projects of one config, measured by the built program. */
async function measure(all: readonly Hostile[], scheme: string): Promise<void> {
  const servers = await Promise.all(all.map(({ behave }) => startHostile(behave)));
  const urls = servers.map(
    ({ port }, i) => `${scheme}${all[i]!.tls ? 's' : ''}://127.0.0.1:${port}`,
  );
  const home = mkdtempSync(join(folder, 'run-'));
  const names = ['healthy', ...all.map((_, i) => `p${i}`)];
  const project = (url: string) => ({
    ...{ max_workers: 4, broker_url: url },
    queue_thresholds: { scale_up_4: 10, scale_down_1: 2 },
  });
  const projects = Object.fromEntries<object>(
    [`redis://127.0.0.1:${healthy.port}`, ...urls].map((url, i) => [names[i]!, project(url)]),
  );
  mkdirSync(join(home, 'state'));
  const global = { state_dir: join(home, 'state'), backup_dir: join(home, 'backup') };
  const config = join(home, 'config.json');
  writeFileSync(config, JSON.stringify({ projects, global }));
  const peak = join(home, 'peak');
  const start = performance.now();
  const child = spawn(
    process.execPath,
    ['--require', probe, MAIN, 'metrics', 'all', '--json', '--config', config],
    { env: { PATH: process.env['PATH'], HOME: '/nonexistent', PEAK: peak } },
  );
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', (bytes: Buffer) => (output[name] += bytes.toString()));
  }
  const code = await new Promise((done) => child.once('close', done));
  const tookMs = performance.now() - start;
  await Promise.all(servers.map((server) => server.stop()));

  assert.equal(code, 1, output.stderr);
  assert.doesNotMatch(output.stderr, /\n\s+at |bug in autoscaler|Unhandled/);
  const { services } = JSON.parse(output.stdout) as { services: Record<string, ServiceSample> };
  assert.equal(services['healthy.service']?.queue_length, 3);
  for (const [i, { name, says, counts = 1 }] of all.entries()) {
    const { queue_length: length, errors } = services[`p${i}.service`]!;
    if (says === null) {
      assert.equal(length, counts, name);
      continue;
    }
    assert.equal(length, null, name);
    assertCleanError(errors?.['queue_length']?.text, /./);
  }
  assert.ok(tookMs < 20_000, `it took ${tookMs} ms`);
  const peakMb = Number(readFileSync(peak, 'utf8')) / 1024;
  assert.ok(peakMb < MOST_MB, `${peakMb} MB`);
}

for (const [kind, scheme, list] of [
  ['Redis', 'redis', HOSTILE_REDIS],
  ['AMQP', 'amqp', HOSTILE_AMQP],
] as const) {
  describe(`the built program serves a healthy broker beside hostile ones: ${kind}`, () => {
    for (let from = 0; from < list.length; from += AT_ONCE) {
      const some = list.slice(from, from + AT_ONCE);
      test(`${from + 1} to ${from + some.length}`, () => measure(some, scheme));
    }
  });
}
