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
  const lines = meminfo.matchAll(/^(MemTotal|MemAvailable|SwapTotal|SwapFree): +(\d+) kB$/gm);
  const kb = new Map(Array.from(lines, ([, key, value]) => [key, Number(value)]));
  const [total, available] = [kb.get('MemTotal'), kb.get('MemAvailable')];
  if (total === undefined || available === undefined) {
    throw new Error('/proc/meminfo has no lines "MemTotal" and "MemAvailable"');
  }
  return {
    availableMb: toMb(available),
    totalMb: toMb(total),
    swapMb: toMb((kb.get('SwapTotal') ?? 0) - (kb.get('SwapFree') ?? 0)),
  };
}

function toMb(kb: number): number {
  return Math.round((kb / KB_PER_MB) * 10) / 10;
}
