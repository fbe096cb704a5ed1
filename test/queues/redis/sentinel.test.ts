import assert from 'node:assert/strict';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { readQueues, type QueueLength } from '../../../src/queues/read-queues.ts';
import { freePorts, startRedis, type RedisServer } from './server.ts';

const PASSWORD = 'sentinel-s3cret';
const NAME = 'shop-master';

let folder: string;
let master: RedisServer;
let replica: RedisServer;
const sentinels: { port: number; child: ChildProcess }[] = [];

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'autoscaler-sentinel-'));
  [master, replica] = await Promise.all([startRedis(), startRedis()]);
  replica.cli('replicaof', '127.0.0.1', String(master.port));
  master.cli('rpush', 'celery', 'a', 'b', 'c');
  master.cli('-n', '2', 'rpush', 'celery', 'a');
  for (const port of await freePorts()) sentinels.push({ port, child: startSentinel(port) });
  await until(async () => (await read()).length === 3);
  await until(() => replica.cli('llen', 'celery').trim() === '3');
});

after(async () => {
  for (const { child } of sentinels) {
    const ended = new Promise((done) => child.once('close', done));
    child.kill('SIGKILL');
    await ended;
  }
  await Promise.all([master.stop(), replica.stop()]);
  rmSync(folder, { recursive: true });
});

/** One of two that agree alone, and lose patience soon. */
function startSentinel(port: number): ChildProcess {
  const config = join(folder, `${port}.conf`);
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${folder}`,
    `requirepass ${PASSWORD}`,
    `sentinel monitor ${NAME} 127.0.0.1 ${master.port} 1`,
    `sentinel down-after-milliseconds ${NAME} 500`,
    `sentinel failover-timeout ${NAME} 3000`,
  ];
  writeFileSync(config, `${lines.join('\n')}\n`);
  return spawn('redis-server', [config, '--sentinel'], { stdio: 'ignore' });
}

/** The port of the master that this sentinel names. */
function nameMaster(port: number): number {
  const ask = ['sentinel', 'get-master-addr-by-name', NAME];
  const argv = ['-p', String(port), '--no-auth-warning', '-a', PASSWORD, ...ask];
  return Number(execFileSync('redis-cli', argv, { encoding: 'utf8' }).split('\n')[1]);
}

async function read(
  change: { master?: string; password?: string; database?: string; more?: string } = {},
): Promise<QueueLength> {
  const [a, b] = sentinels.map(({ port }) => `sentinel://127.0.0.1:${port}`);
  const options = {
    master_name: change.master ?? NAME,
    sentinel_kwargs: { password: change.password ?? PASSWORD },
  };
  const url = `${change.more ?? ''}${a}${change.database ?? ''};${b}`;
  const lengths = await readQueues([{ project: 'shop', url, options, queues: ['celery'] }], 1000);
  return lengths.get('shop')!;
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let waited = 0; !(await isSo()); waited += 50) {
    assert.ok(waited < 15_000, 'it did not come about within 15 s');
    await sleep(50);
  }
}

test('the queue of the master that Sentinel names', async () => {
  assert.deepEqual(await read(), { length: 3, perQueue: { celery: 3 } });
});

test('the database is that of the first URL, as in Celery', async () => {
  assert.equal((await read({ database: '/2' })).length, 1);
});

test('a sentinel that is down is passed over', async () => {
  const [down] = await freePorts();
  assert.equal((await read({ more: `sentinel://127.0.0.1:${down};` })).length, 3);
});

test('a master that the sentinels do not know', async () => {
  const { length, error } = await read({ master: 'other' });
  assert.equal(length, null);
  assert.match(
    error?.text ?? '',
    /^sentinel at 127\.0\.0\.1:\d+: it knows no master "other"; sentinel at/,
  );
});

test('a wrong password for the sentinels', async () => {
  const { length, error } = await read({ password: 'wrong-s3cret' });
  assert.deepEqual([length, error?.code], [null, 'broker_login']);
  assert.match(error?.text ?? '', /refuses the user or password/);
  assert.doesNotMatch(error?.text ?? '', /s3cret/);
});

test('over TLS, where sentinels and master want a certificate of ours too', async () => {
  const [port] = await freePorts();
  const secured = await startRedis('--tls-auth-clients', 'yes', '--port', '0');
  const { caFile, client, tlsPort } = secured;
  const tls = ['--tls', '--cacert', caFile, '--cert', client.certFile, '--key', client.keyFile];
  const cli = ['-h', 'localhost', '-p', String(tlsPort), ...tls];
  execFileSync('redis-cli', [...cli, 'rpush', 'celery', 'a', 'b']);
  const config = join(folder, 'tls.conf');
  const lines = [
    ...['port 0', `tls-port ${port}`, 'bind 127.0.0.1', `dir ${folder}`, 'tls-replication yes'],
    ...[`tls-ca-cert-file ${caFile}`, `tls-cert-file ${client.certFile}`],
    ...[`tls-key-file ${client.keyFile}`, `sentinel monitor ${NAME} 127.0.0.1 ${tlsPort} 1`],
  ];
  writeFileSync(config, `${lines.join('\n')}\n`);
  const child = spawn('redis-server', [config, '--sentinel'], { stdio: 'ignore' });
  const ask = async (ssl: boolean): Promise<QueueLength> => {
    const options = { master_name: NAME, sentinel_kwargs: { ssl } };
    const files = { ssl_certfile: client.certFile, ssl_keyfile: client.keyFile };
    const use = { ssl_ca_certs: caFile, ssl_check_hostname: false, ...files };
    const request = { project: 'shop', queues: ['celery'], url: `sentinel://127.0.0.1:${port}` };
    return (await readQueues([{ ...request, options, ssl: use }], 1000)).get('shop')!;
  };
  try {
    await until(async () => (await ask(true)).length === 2);
    const { length, error } = await ask(false);
    assert.equal(length, null);
    assert.match(error?.text ?? '', /closed the connection|was cut|no answer/);
  } finally {
    const ended = new Promise((done) => child.once('close', done));
    child.kill('SIGKILL');
    await ended;
    await secured.stop();
  }
});

test('a failover in the middle: never 0, then the new master', async () => {
  const seen: QueueLength[] = [];
  await master.pause();
  await until(async () => {
    const found = await read();
    seen.push(found);
    return found.length !== null;
  });
  assert.ok(seen.length > 1, 'the failover was over before it was looked at');
  for (const { length, error } of seen) {
    assert.ok(length === 3 || (length === null && error !== undefined), String(length));
  }
  assert.match(replica.cli('role'), /^master/);
  // as long as one of the sentinels names the old master, who may be asked first, its answer would be taken
  await until(() => sentinels.every(({ port }) => nameMaster(port) === replica.port));
  // the old one comes back and tells of queues that nobody fills any more
  replica.cli('rpush', 'celery', 'd');
  master.resume();
  assert.equal((await read()).length, 4);
});
