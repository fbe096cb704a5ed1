import { createHash } from 'node:crypto';

const MARK = /^\/\/ An example: .*\(sha256 ([0-9a-f]{64})\)\.\n/;

/** Whether a config is the example as the installation has left it: by the checksum in its first line. */
export function isExample(bytes: Buffer): boolean {
  // most configs are not even close
  if (!bytes.subarray(0, 14).equals(START)) return false;
  const start = bytes.indexOf('\n') + 1;
  const sum = MARK.exec(bytes.subarray(0, start).toString('utf8'))?.[1];
  return sum === createHash('sha256').update(bytes.subarray(start)).digest('hex');
}

const START = Buffer.from('// An example:');
