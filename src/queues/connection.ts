import { connect as connectTcp, isIP, type Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { statPath } from '../host/files/look.ts';
import { lookUpUntil } from './look-up.ts';

/** Where a server is: `path` (a socket on this host), or `host` and `port`. */
export interface Place {
  host?: string;
  port?: number;
  path?: string;
  tls?: ConnectionOptions;
}

/** What becomes of a connection's events. What `onBytes` throws ends it. */
export interface Events {
  onBytes: (bytes: Buffer) => void;
  /** once, and the last that is heard of it */
  onEnd: (fault: Error) => void;
}

/** A connection to a server that nobody trusts: all its faults, early or late, come to `onEnd` and nowhere else. */
export interface Connection {
  /** rejects where it cannot be made */
  opened: Promise<void>;
  send: (bytes: Buffer | string) => void;
  end: (fault: Error) => void;
  /** why it has ended; null: it has not */
  fault: () => Error | null;
  /** leaves it to the end of this process, for who ends soon: to take it down costs Node a millisecond */
  leave: () => void;
}

/** What a server sends to a few questions is far less; tasks that are read are more. */
export const MOST_BYTES = 262_144;

/** What is said of a connection that the other side has closed. */
export const CLOSED = 'it closes the connection';

/** Connects; `mostBytes`: one that sends more in all is cut off. */
export function openConnection(place: Place, mostBytes: number, events: Events): Connection {
  let socket: Socket | null = null;
  let fault: Error | null = null;
  let left = mostBytes;
  const over = new AbortController();
  const end = (error: Error): void => {
    if (fault !== null) return;
    fault = error;
    over.abort();
    socket?.destroy();
    events.onEnd(error);
  };
  const read = (bytes: Buffer): void => {
    if (fault !== null) return;
    left -= bytes.length;
    try {
      if (left < 0) throw new Error(`it sends more than ${mostBytes / 1024} KB`);
      events.onBytes(bytes);
    } catch (error) {
      end(error as Error);
    }
  };
  const open = async (): Promise<void> => {
    const { tls, ...address } = place;
    // seldom needed, and large
    const late = tls === undefined ? null : await import('node:tls');
    await new Promise<void>((resolve, reject) => {
      if (fault !== null) throw fault;
      const lookup = lookUpUntil(over.signal);
      // a connection to a path waits for its file system, and nothing else goes on meanwhile
      if (place.path !== undefined) statPath(place.path);
      const options = { ...(address as { host: string; port: number }), lookup };
      // Node names the server to a proxy, or to one with several certificates, only where it is told to
      const isNamed = place.host !== undefined && isIP(place.host) === 0;
      const name = isNamed ? { servername: place.host } : {};
      socket =
        late === null
          ? connectTcp(options, resolve)
          : late.connect({ ...options, ...name, ...tls }, resolve);
      const fail = (error: Error): void => {
        end(error);
        reject(fault ?? error);
      };
      socket.setNoDelay(true);
      socket.on('data', read);
      socket.on('error', fail);
      socket.on('close', () => fail(new Error(CLOSED)));
    });
  };
  const opened = open().catch((error: Error) => {
    end(error);
    throw error;
  });
  // who has no time left does not wait for it
  opened.catch(() => undefined);
  return {
    opened,
    send: (bytes) => void socket?.write(bytes),
    end,
    fault: () => fault,
    leave: () => void socket?.unref(),
  };
}
