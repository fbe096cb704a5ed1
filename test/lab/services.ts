import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { CHECKOUT, type Lab } from './lab.ts';

/** Where web.py and tasks.py lie, inside and outside. */
export const APPS = join(CHECKOUT, 'test/lab/apps');

/** The parts of a unit that tests vary. `lines` are further lines of its [Service] section. */
export interface ServiceOptions {
  /** the count as it stands on the command line, such as `--workers=2`; '' for none */
  count?: string;
  /** the whole command line instead; `count` is then not used */
  execStart?: string;
  env?: Record<string, string>;
  lines?: string[];
}

/** A Gunicorn service of web.py as Gunicorn's own manual has it (default: `--workers 2` on port 8000). */
export function gunicornUnit(
  options: ServiceOptions & { bind?: string; args?: string; app?: string } = {},
): string {
  const { count = '--workers 2', bind = '127.0.0.1:8000', args = '', lines = [] } = options;
  const { app = 'web:app' } = options;
  return unit('a Gunicorn of the tests', {
    execStart: words('/usr/bin/gunicorn', count, '--bind', bind, args, app),
    ...options,
    lines: ['Type=notify', 'KillMode=mixed', ...lines],
  });
}

/** A Celery worker of tasks.py (default: `-c 2` on the Redis of `redisUnit()`). */
export function celeryUnit(
  options: ServiceOptions & { broker?: string; args?: string } = {},
): string {
  const { count = '-c 2', broker = 'redis://127.0.0.1:6379/0', args = '' } = options;
  return unit('a Celery worker of the tests', {
    execStart: words('/usr/bin/celery -A tasks worker', count, args),
    ...options,
    env: { BROKER_URL: broker, ...options.env },
  });
}

/** A Redis that keeps nothing on disk. `args` are further options, as for TLS or an ACL file. */
export function redisUnit(
  options: { port?: number; password?: string; unixsocket?: string; args?: string } = {},
): string {
  const { port = 6379, password, unixsocket, args = '' } = options;
  return unit('a Redis of the tests', {
    execStart: words(
      `/usr/bin/redis-server --bind 127.0.0.1 --port ${port} --supervised systemd --daemonize no`,
      '--save "" --appendonly no',
      password === undefined ? '' : `--requirepass ${password}`,
      unixsocket === undefined ? '' : `--unixsocket ${unixsocket}`,
      args,
    ),
    lines: ['Type=notify'],
  });
}

/** The broker of `rabbitUnit()`. */
export const RABBIT = 'amqp://guest:guest@127.0.0.1:5672//';

/** A RabbitMQ, which takes some seconds to start. */
export function rabbitUnit(): string {
  return unit('a RabbitMQ of the tests', {
    execStart: '/usr/lib/rabbitmq/bin/rabbitmq-server',
    env: { HOME: '/var/lib/rabbitmq', RABBITMQ_NODENAME: 'lab@localhost' },
    lines: ['Type=notify', 'NotifyAccess=all', 'User=rabbitmq', 'TimeoutStartSec=120'],
  });
}

/** Runs rabbitmqctl against it. */
export function rabbitmqctl(lab: Lab, command: string): Promise<string> {
  return lab.ok(
    `runuser -u rabbitmq -- env HOME=/var/lib/rabbitmq RABBITMQ_NODENAME=lab@localhost /usr/lib/rabbitmq/bin/rabbitmqctl ${command}`,
  );
}

/** Writes `text` as /etc/systemd/system/`name`, reloads, starts it and waits until it is active. */
export async function installUnit(lab: Lab, name: string, text: string): Promise<void> {
  await lab.writeFile(`/etc/systemd/system/${name}`, text);
  await lab.ok(
    `systemctl daemon-reload && systemctl start ${name} || { journalctl -n 20 --no-pager -u ${name}; exit 1; }`,
  );
}

/**
 * Puts `n` tasks into a Redis queue as a Celery client does, in one go without Python.
 * `args` gives the positional arguments of the i-th task; the first one is taken first. `eta`: not to be begun before.
 */
export async function enqueue(
  lab: Lab,
  n: number,
  task: string,
  args: (i: number) => unknown[],
  {
    url = 'redis://127.0.0.1:6379/0',
    queue = 'celery',
    eta,
  }: { url?: string; queue?: string; eta?: string } = {},
): Promise<void> {
  const messages = Array.from({ length: n }, (_, i) => celeryMessage(task, args(i), queue, eta));
  const commands = messages.map((text) => resp(['LPUSH', queue, text])).join('');
  const { exitCode, stdout, stderr } = await lab.exec(['redis-cli', '-u', url, '--pipe'], {
    input: commands,
  });
  if (exitCode !== 0 || !stdout.includes(`errors: 0, replies: ${n}`)) {
    throw new Error(`enqueueing ${n} tasks: ${stdout}${stderr}`);
  }
}

/** A message of Celery's protocol 2 in kombu's envelope for Redis. */
function celeryMessage(task: string, args: unknown[], queue: string, eta?: string): string {
  const id = randomUUID();
  const body = [args, {}, { callbacks: null, errbacks: null, chain: null, chord: null }];
  return JSON.stringify({
    body: Buffer.from(JSON.stringify(body)).toString('base64'),
    'content-encoding': 'utf-8',
    'content-type': 'application/json',
    headers: { lang: 'py', task, id, root_id: id, parent_id: null, group: null, retries: 0, eta },
    properties: {
      correlation_id: id,
      delivery_mode: 2,
      delivery_info: { exchange: '', routing_key: queue },
      priority: 0,
      body_encoding: 'base64',
      delivery_tag: randomUUID(),
    },
  });
}

function resp(parts: string[]): string {
  const bulk = parts.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`);
  return `*${parts.length}\r\n${bulk.join('')}`;
}

function unit(
  description: string,
  { execStart, env = {}, lines = [] }: ServiceOptions & { execStart: string },
): string {
  return [
    '[Unit]',
    `Description=${description}`,
    '',
    '[Service]',
    ...lines,
    `WorkingDirectory=${APPS}`,
    ...Object.entries(env).map(([name, value]) => `Environment="${name}=${value}"`),
    `ExecStart=${execStart}`,
    '',
    '[Install]',
    'WantedBy=multi-user.target',
    '',
  ].join('\n');
}

function words(...parts: string[]): string {
  return parts.filter((part) => part !== '').join(' ');
}
