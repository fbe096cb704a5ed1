import { createHash } from 'node:crypto';
import type { UnitSources } from '../unit-file/types.ts';

/** A short text that differs when a file of the unit has been edited, added or removed. */
export function hashUnit({ fragment, dropIns, environmentFiles }: UnitSources): string {
  const files = [fragment, ...dropIns, ...environmentFiles].map((file) => [file?.path, file?.text]);
  return createHash('sha256').update(JSON.stringify(files)).digest('hex').slice(0, 12);
}
