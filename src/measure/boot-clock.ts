import { readFileSync } from 'node:fs';

/** A moment on the clock that nobody sets: it also runs while the host sleeps, and starts anew with each boot. */
export interface BootTime {
  /** the first 8 digits of the kernel's boot id */
  boot: string;
  /** seconds since boot, to the hundredth */
  uptimeS: number;
}

/** Now, on the boot clock. */
export function readBootTime(): BootTime {
  return {
    boot: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8),
    uptimeS: Number(readFileSync('/proc/uptime', 'utf8').split(' ', 1)[0]),
  };
}
