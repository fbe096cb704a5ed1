import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writevSync } from 'node:fs';
import * as zlib from 'node:zlib';

/** V8's compiled form of a part of the program, and how many calls have added to it. */
export interface Compiled {
  data: Buffer;
  calls: number;
}

/** A checksum of all that follows, and the number of calls; 8 bytes, so that V8 finds the rest aligned and copies nothing. */
const SUM_BYTES = 4;
const HEAD_BYTES = 8;

/** Node.js has it since 20.15 and 22.2; what cannot be checked is neither kept nor used. */
const crc32 = (zlib as Partial<typeof zlib>).crc32;

/** null: there is none, or not a byte of it is to be trusted. V8 checks no checksum itself, and crashes on a damaged form. */
export function readCompiled(path: string): Compiled | null {
  try {
    const bytes = readFileSync(path);
    if (crc32?.(bytes.subarray(SUM_BYTES)) !== bytes.readUInt32LE(0)) return null;
    return { data: bytes.subarray(HEAD_BYTES), calls: bytes.readUInt32LE(SUM_BYTES) };
  } catch {
    return null;
  }
}

/** Replaces it as a whole, on the disk before it has its name. @throws Error as Node's fs */
export function writeCompiled(path: string, { data, calls }: Compiled): void {
  if (crc32 === undefined) return;
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32LE(calls, SUM_BYTES);
  head.writeUInt32LE(crc32(data, crc32(head.subarray(SUM_BYTES))), 0);
  const own = `${path}.${process.pid}`;
  const fd = openSync(own, 'w', 0o644);
  try {
    writevSync(fd, [head, data]);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(own, path);
}
