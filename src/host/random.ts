import { readFileSync } from 'node:fs';

/** A text that nobody else can know: a UUID of the kernel's random numbers, see random(4). Unlike Node's crypto it is there at once. */
export function randomText(): string {
  return readFileSync('/proc/sys/kernel/random/uuid', 'latin1').trim();
}
