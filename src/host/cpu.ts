import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CpuTicks } from '../model/types.ts';

/** How long the very first run of a boot looks, having no counters from a run before it. */
const FIRST_LOOK_MS = 500;

/** The CPU's part of a sample; `error` says why there are no percentages. */
export interface CpuUse {
  ticks: CpuTicks;
  /** busy share of all cores, 0 to 100, steal not in it */
  percent: number | null;
  stealPercent: number | null;
  error: string | null;
}

/**
 * The CPU's use since `before`, the counters of the previous run of this boot. Without one (null), over
 * half a second from now.
 */
export async function measureCpu(before: CpuTicks | null): Promise<CpuUse & { cpus: number }> {
  let since = before;
  if (since === null) {
    since = readCpuTicks();
    await sleep(FIRST_LOOK_MS);
  }
  const stat = readFileSync('/proc/stat', 'utf8');
  return { ...compareTicks(since, parseCpuTicks(stat)), cpus: countCpus(stat) };
}

/** The share of the ticks between two readings; proc_stat(5). */
export function compareTicks(before: CpuTicks, ticks: CpuTicks): CpuUse {
  const total = ticks.total - before.total;
  const idle = ticks.idle - before.idle;
  const steal = ticks.steal - before.steal;
  const none = { ticks, percent: null, stealPercent: null };
  if (total < 0 || idle < 0 || steal < 0) {
    // a processor that is taken out of service takes its ticks along
    return { ...none, error: 'the CPU counters went backwards since the sample before' };
  }
  if (total === 0) return { ...none, error: 'no CPU time has passed since the sample before' };
  const busy = Math.max(0, total - idle - steal);
  return {
    ticks,
    percent: toPercent(busy / total),
    stealPercent: toPercent(steal / total),
    error: null,
  };
}

/** The counters of all cores together since boot; waiting for a disk is idle time. */
export function readCpuTicks(): CpuTicks {
  return parseCpuTicks(readFileSync('/proc/stat', 'utf8'));
}

/** The line `cpu` of /proc/stat. Guest time is within user time already, so it is not added. */
export function parseCpuTicks(stat: string): CpuTicks {
  const fields = /^cpu +(.*)/.exec(stat)?.[1]?.split(' ').map(Number) ?? [];
  const [
    user = NaN,
    nice = 0,
    system = 0,
    idle = NaN,
    ioWait = 0,
    irq = 0,
    softIrq = 0,
    steal = 0,
  ] = fields;
  const allIdle = idle + ioWait;
  const total = user + nice + system + allIdle + irq + softIrq + steal;
  if (Number.isNaN(total)) throw new Error('/proc/stat has no line "cpu" with counters');
  return { total, idle: allIdle, steal };
}

/** The processors that are in service: each has a line of its own. */
export function countCpus(stat: string): number {
  return stat.match(/^cpu\d+ /gm)?.length ?? 1;
}

/** To the hundredth: finer than any threshold, short in the history. */
function toPercent(share: number): number {
  return Math.round(share * 10_000) / 100;
}
