import { createHash } from 'node:crypto';

/** The fingerprint by which a file's content is known again. */
export function sha256(data: Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}
