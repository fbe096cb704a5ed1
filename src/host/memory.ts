import { readFileSync } from 'node:fs';

const KB_PER_MB = 1024;

/** The memory of the host, in MB to the tenth. */
export interface HostMemory {
  availableMb: number;
  totalMb: number;
  swapMb: number;
}

/** What is available, in all, and of swap in use. @throws Error where the kernel does not say it */
export function measureMemory(): HostMemory {
  return parseMemory(readFileSync('/proc/meminfo', 'utf8'));
}

/** /proc/meminfo; see proc_meminfo(5). A kernel without swap need not name it. */
export function parseMemory(meminfo: string): HostMemory {
  const kb = (key: string): number =>
    Number(new RegExp(`^${key}: +(\\d+) kB$`, 'm').exec(meminfo)?.[1] ?? NaN);
  const [available, total] = [kb('MemAvailable'), kb('MemTotal')];
  if (Number.isNaN(available + total)) {
    throw new Error('/proc/meminfo has no lines "MemTotal" and "MemAvailable"');
  }
  return {
    availableMb: toMb(available),
    totalMb: toMb(total),
    swapMb: toMb(kb('SwapTotal') - kb('SwapFree') || 0),
  };
}

function toMb(kb: number): number {
  return Math.round((kb / KB_PER_MB) * 10) / 10;
}
