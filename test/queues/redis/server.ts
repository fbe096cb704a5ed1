import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeCertificate, makeClientCertificate } from '../certificate.ts';

/** A real Redis of the tests on a port of its own. */
export interface RedisServer {
  port: number;
  tlsPort: number;
  /** the same Redis on this host alone */
  socket: string;
  /** its certificate, self-made for the name localhost */
  caFile: string;
  /** a certificate of the same authority, and its key, for who comes */
  client: { certFile: string; keyFile: string };
  /** runs redis-cli against it and returns what it prints */
  cli: (...args: string[]) => string;
  /** it accepts and answers nothing until `resume` */
  pause: () => Promise<void>;
  resume: () => void;
  stop: () => Promise<void>;
}

/** Starts a Redis with and without TLS that keeps nothing on disk; `args` are further options. */
export async function startRedis(...args: string[]): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), 'autoscaler-redis-'));
  const { caFile, keyFile } = makeCertificate(folder);
  const client = makeClientCertificate(folder);
  const socket = join(folder, 'redis.sock');
  const [port, tlsPort] = await freePorts();
  const child = spawn(
    'redis-server',
    ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
      .concat(['--unixsocket', socket, '--unixsocketperm', '700'])
      .concat(['--tls-port', String(tlsPort), '--tls-cert-file', caFile])
      .concat(['--tls-key-file', keyFile, '--tls-ca-cert-file', caFile])
      .concat(['--tls-auth-clients', 'no', '--dir', folder], args),
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  await untilReady(child);
  const cli = (...command: string[]): string =>
    execFileSync('redis-cli', ['-p', String(port), '--no-auth-warning', ...command], {
      encoding: 'utf8',
    });
  const stop = async (): Promise<void> => {
    const ended = new Promise((done) => child.once('close', done));
    child.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true });
  };
  const pause = async (): Promise<void> => {
    child.kill('SIGSTOP');
    await sleep(50);
  };
  const resume = (): void => void child.kill('SIGCONT');
  return { port, tlsPort, socket, caFile, client, cli, pause, resume, stop };
}

/** A server that accepts, says `greeting` (if any) and then never answers, or cuts the connection. */
export async function startMute(
  greeting = '',
  end: 'mute' | 'cut' = 'mute',
): Promise<{ port: number; stop: () => Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    if (greeting !== '') socket.write(greeting);
    if (end === 'cut') socket.once('data', () => socket.destroy());
  });
  const port = await listen(server);
  const stop = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    await new Promise((done) => server.close(done));
  };
  return { port, stop };
}

/** Two ports that nothing listens on. */
export async function freePorts(): Promise<[number, number]> {
  const servers = [createServer(), createServer()] as const;
  const ports: [number, number] = [await listen(servers[0]), await listen(servers[1])];
  for (const server of servers) server.close();
  return ports;
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return (server.address() as AddressInfo).port;
}

async function untilReady(child: ChildProcess): Promise<void> {
  let log = '';
  child.stdout?.on('data', (chunk: Buffer) => (log += chunk.toString()));
  for (let waited = 0; !log.includes('Ready to accept connections'); waited += 20) {
    if (waited > 10_000 || child.exitCode !== null) {
      throw new Error(`redis-server did not start\n${log}`);
    }
    await sleep(20);
  }
}
