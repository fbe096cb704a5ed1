import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeCertificate, makeClientCertificate } from '../certificate.ts';
import { freePorts } from '../redis/server.ts';

const PROGRAMS = '/usr/lib/rabbitmq/bin';

/** A real RabbitMQ of the tests on ports of its own. */
export interface RabbitServer {
  port: number;
  tlsPort: number;
  /** its certificate, self-made for the name localhost */
  caFile: string;
  /** a certificate of the same authority, and its key, for who comes */
  client: { certFile: string; keyFile: string };
  /** runs rabbitmqctl against it and returns what it prints */
  ctl: (...args: string[]) => string;
  /** it accepts and answers nothing until `resume` */
  pause: () => Promise<void>;
  resume: () => void;
  stop: () => Promise<void>;
}

/** Starts a RabbitMQ with and without TLS that begins with `definitions` (users, virtual hosts, queues). */
export async function startRabbit(definitions: object): Promise<RabbitServer> {
  const folder = mkdtempSync(join(tmpdir(), 'autoscaler-rabbit-'));
  const { caFile, keyFile } = makeCertificate(folder);
  const client = makeClientCertificate(folder);
  const [[port, tlsPort], [epmdPort, distPort]] = [await freePorts(), await freePorts()];
  const lines = [
    `listeners.tcp.1 = 127.0.0.1:${port}`,
    `listeners.ssl.1 = 127.0.0.1:${tlsPort}`,
    `ssl_options.cacertfile = ${caFile}`,
    `ssl_options.certfile = ${caFile}`,
    `ssl_options.keyfile = ${keyFile}`,
    'ssl_options.verify = verify_none',
    `load_definitions = ${join(folder, 'definitions.json')}`,
    'log.console = true',
    'log.console.level = error',
  ];
  writeFileSync(join(folder, 'rabbitmq.conf'), `${lines.join('\n')}\n`);
  writeFileSync(join(folder, 'definitions.json'), JSON.stringify(definitions));
  mkdirSync(join(folder, 'log'));
  const env = {
    ...process.env,
    HOME: folder,
    RABBITMQ_NODENAME: `autoscaler-${port}@localhost`,
    RABBITMQ_BASE: folder,
    RABBITMQ_MNESIA_BASE: join(folder, 'mnesia'),
    RABBITMQ_LOG_BASE: join(folder, 'log'),
    RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
    RABBITMQ_CONF_ENV_FILE: '/dev/null',
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'plugins'),
    RABBITMQ_PID_FILE: join(folder, 'pid'),
    RABBITMQ_DIST_PORT: String(distPort),
    ERL_EPMD_PORT: String(epmdPort),
  };
  const child = spawn(`${PROGRAMS}/rabbitmq-server`, {
    env,
    // a group of its own: the server is a child of the script
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore'],
  });
  const group = -child.pid!;
  const stop = async (): Promise<void> => {
    const ended = new Promise((done) => child.once('close', done));
    process.kill(group, 'SIGKILL');
    await ended;
    await stopNames(epmdPort, env);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  const isUp = (): boolean => child.exitCode === null;
  if (!(await answers(tlsPort, isUp))) {
    await stop();
    throw new Error('rabbitmq-server did not start');
  }
  return {
    port,
    tlsPort,
    caFile,
    client,
    ctl: (...args) =>
      execFileSync(`${PROGRAMS}/rabbitmqctl`, ['--silent', ...args], { env, encoding: 'utf8' }),
    pause: async () => {
      process.kill(group, 'SIGSTOP');
      await sleep(50);
    },
    resume: () => void process.kill(group, 'SIGCONT'),
    stop,
  };
}

async function answers(port: number, isUp: () => boolean): Promise<boolean> {
  for (let waited = 0; waited < 90_000 && isUp(); waited += 100) {
    const socket = connect(port, '127.0.0.1');
    const isThere = await new Promise<boolean>((done) => {
      socket.once('connect', () => done(true));
      socket.once('error', () => done(false));
    });
    socket.destroy();
    if (isThere) return true;
    await sleep(100);
  }
  return false;
}

/** Erlang's name server goes as soon as it has noticed that nobody is left; it is not in the group of the server. */
async function stopNames(port: number, env: NodeJS.ProcessEnv): Promise<void> {
  for (let tries = 0; tries < 50; tries++) {
    const { stdout } = spawnSync('epmd', ['-port', String(port), '-kill'], {
      env,
      encoding: 'utf8',
    });
    if (!stdout.includes('living nodes')) return;
    await sleep(100);
  }
}
