import { createServer, type AddressInfo, type Socket } from 'node:net';

/** What a server does to who comes. */
export type Behaviour = (socket: Socket) => void;

/** A server of the tests that nobody should trust. */
export interface HostileServer {
  port: number;
  stop: () => Promise<void>;
}

/** Starts one on a free port of this host. */
export async function startHostile(behave: Behaviour): Promise<HostileServer> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    // who is hostile does not mind that the other side leaves
    socket.on('error', () => undefined);
    socket.on('end', () => socket.end());
    behave(socket);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    port: (server.address() as AddressInfo).port,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
}

/** Sends the same bytes for as long as the other side takes them. */
export function pour(socket: Socket, bytes: string | Buffer): void {
  const more = (): void => {
    if (socket.destroyed) return;
    // in pieces, so that others of this process have their turn
    if (socket.write(bytes)) setImmediate(more);
    else socket.once('drain', more);
  };
  more();
}

/** Sends bytes one by one, `everyMs` apart, again and again. */
export function drip(socket: Socket, text: string | Buffer, everyMs: number): void {
  const bytes = Buffer.from(text as string);
  let at = 0;
  const timer = setInterval(() => {
    if (socket.destroyed) return clearInterval(timer);
    socket.write(bytes.subarray(at, at + 1));
    at = (at + 1) % bytes.length;
  }, everyMs);
  timer.unref();
}

/** Bytes of no meaning, the same each time. */
export function noise(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = 1;
  for (let i = 0; i < length; i++) {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    bytes[i] = state >> 16;
  }
  return bytes;
}

/** A text that a terminal would obey. */
export const ESCAPES = '\x1b[31mred\x1b[0m\x1b]0;title\x07 \u202etxt\u202c \x9b2J\x00\x08end';
