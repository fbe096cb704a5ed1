import type { Clocks } from '../model/clocks.ts';
import { readFileSync } from 'node:fs';

/** A moment on the clock that nobody sets: it also runs while the host sleeps, and starts at 0 with each boot. */
export interface BootTime {
  /** the first 8 digits of the boot id */
  boot: string;
  /** seconds since boot, to the hundredth */
  uptimeS: number;
}

/** Now, on both clocks. */
export function readClocks(): Clocks {
  return { ms: Date.now(), ...readBootTime() };
}

/** Now, on the boot clock. */
export function readBootTime(): BootTime {
  return {
    boot: readBootId().slice(0, 8),
    uptimeS: Number(readFileSync('/proc/uptime', 'utf8').split(' ', 1)[0]),
  };
}

const BOOT_ID = '/proc/sys/kernel/random/boot_id';

/**
 * The id of this boot, as the first process sees it: systemd-nspawn shows its containers one of their own by a mount,
 * which is not there in a service with ProtectKernelTunables=, so that the same boot would have two ids.
 */
export function readBootId(): string {
  try {
    return readFileSync(`/proc/1/root${BOOT_ID}`, 'utf8').trim();
  } catch {
    // another user may not look there
    return readFileSync(BOOT_ID, 'utf8').trim();
  }
}
