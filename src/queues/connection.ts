import { connect as connectTcp, isIP, type Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { statPath } from '../host/files/look.ts';
import { lookUpUntil } from './look-up.ts';

/** The address of a server: `path` (a socket on this host), or `host` and `port`. */
export interface Place {
  host?: string;
  port?: number;
  path?: string;
  tls?: ConnectionOptions;
}

/** The handlers of a connection's events. An error that `onBytes` throws ends the connection. */
export interface Events {
  onBytes: (bytes: Buffer) => void;
  /** called once, as the last event */
  onEnd: (fault: Error) => void;
}

/** A connection to an untrusted server: all its faults, early or late, go to `onEnd` and nowhere else. */
export interface Connection {
  /** rejects if it cannot be made */
  opened: Promise<void>;
  send: (bytes: Buffer | string) => void;
  end: (fault: Error) => void;
  /** why it has ended; null: it has not */
  fault: () => Error | null;
  /** stays open until this process ends, which is soon: closing a connection costs Node a millisecond */
  leave: () => void;
}

/** Far more than a server answers to a few questions; the tasks that are read need more. */
export const MOST_BYTES = 262_144;

/** The other side has closed the connection. */
export class ConnectionClosed extends Error {
  constructor() {
    super('it closed the connection');
  }
}

/** Connects; `mostBytes`: a server that sends more than that in all is cut off. */
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
    // rarely needed, and large
    const late = tls === undefined ? null : await import('node:tls');
    await new Promise<void>((resolve, reject) => {
      if (fault !== null) throw fault;
      const lookup = lookUpUntil(over.signal);
      // connecting to a path waits for its file system, and blocks everything else meanwhile
      if (place.path !== undefined) statPath(place.path);
      const options = { ...(address as { host: string; port: number }), lookup };
      // only with `servername` does Node name the server to a proxy, or to a server with several certificates
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
      socket.on('close', () => fail(new ConnectionClosed()));
    });
  };
  const opened = open().catch((error: Error) => {
    end(error);
    throw error;
  });
  // a caller that has run out of time does not wait for it
  opened.catch(() => undefined);
  return {
    opened,
    send: (bytes) => void socket?.write(bytes),
    end,
    fault: () => fault,
    leave: () => void socket?.unref(),
  };
}
