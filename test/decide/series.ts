import { carryBrakes } from '../../src/decide/limits/brake-memory.ts';
import type { BrakePolicy } from '../../src/model/brake-types.ts';
import type {
  ActionRecord,
  HistoryEntry,
  MetricPolicy,
  Policy,
  Sample,
  ServiceSample,
  Step,
} from '../../src/model/types.ts';

/** The service of `history` and `policy`. */
export const SERVICE = 'shop.service';

/** Seconds between two slots of a series, unless told otherwise. */
export const INTERVAL_S = 120;

/** `_`: no sample was taken. */
export type Slot = number | null | '_';

/**
 * A series in short: values with blanks between them, one a check interval, the last is now. `90x3` is three of 90,
 * `?` a value that could not be had, `_` a sample that was not taken.
 */
export function parseSeries(text: string): Slot[] {
  return text.split(' ').flatMap((token) => {
    const match = /^(\d+(?:\.\d+)?|\?|_)(?:x(\d+))?$/.exec(token);
    if (!match) throw new Error(`no series: ${text}`);
    const [, value, times = '1'] = match;
    const slot: Slot = value === '_' ? '_' : value === '?' ? null : Number(value);
    return Array.from({ length: Number(times) }, () => slot);
  });
}

/** Thresholds in short: `3>80` is scale_up_3: 80, `1<30` is scale_down_1: 30. Durations in minutes. */
export function metricPolicy(
  metric: MetricPolicy['metric'],
  steps: string,
  [upM, downM]: readonly [number, number] = [4, 10],
): MetricPolicy {
  const up: Step[] = [];
  const down: Step[] = [];
  for (const step of steps.split(' ').filter(Boolean)) {
    const match = /^(\d+)([<>])(\d+)$/.exec(step);
    if (!match) throw new Error(`no threshold: ${step}`);
    const list = match[2] === '>' ? up : down;
    list.push({ workers: Number(match[1]), threshold: Number(match[3]) });
  }
  return { metric, up, down, upMs: upM * 60_000, downMs: downM * 60_000 };
}

/** What happens right after the sample of a slot (the first is 0), seconds later. */
export interface Event {
  after: number;
  s?: number;
  from?: number;
  to?: number;
  action?: ActionRecord['action'];
  change?: string;
  result?: ActionRecord['result'];
  service?: string;
}

/** All that a history in short can say. Series of one case have the same length. */
export interface Series {
  cpu?: string;
  queue?: string;
  /** one count for all slots, or a series */
  workers?: number | string;
  pid?: string;
  actions?: Event[];
  /** slots before which the host was rebooted */
  reboots?: number[];
  intervalS?: number;
  /** further fields of every service sample */
  service?: Partial<ServiceSample>;
  availableMb?: number | null;
}

/** The history that a series stands for. Metrics that are not told are missing. */
export function history(series: Series): HistoryEntry[] {
  const { actions = [], reboots = [], intervalS = INTERVAL_S } = series;
  const cpu = series.cpu === undefined ? null : parseSeries(series.cpu);
  const queue = series.queue === undefined ? null : parseSeries(series.queue);
  const length = (cpu ?? queue ?? []).length;
  const entries: HistoryEntry[] = [];
  let boot = 0;
  let last: number | null = null;
  for (let slot = 0; slot < length; slot++) {
    if (reboots.includes(slot)) {
      boot += 1;
      last = null;
    }
    const uptime = 1000 + slot * intervalS;
    const values = [cpu?.[slot], queue?.[slot]];
    const stamp = { v: 1 as const, at: `slot ${slot}`, boot: `boot-${boot}` };
    if (!values.includes('_')) {
      entries.push({
        ...stamp,
        kind: 'sample',
        uptime_s: uptime,
        span_s:
          slot === 0 && !reboots.includes(0) ? intervalS : last === null ? null : uptime - last,
        host: { cpu_percent: number(values[0]), memory_available_mb: series.availableMb ?? null },
        services: { [SERVICE]: serviceAt(series, slot, values[1]) },
      });
      last = uptime;
    }
    for (const event of actions.filter(({ after }) => after === slot)) {
      const { s = 1, from = 1, to = 0, action = 'scale_up', result = 'applied' } = event;
      const { service = SERVICE, change } = event;
      const made = { service, action, from, to, result, reason: '' };
      const named = change === undefined ? made : { ...made, change };
      entries.push({ ...stamp, kind: 'action', uptime_s: uptime + s, ...named });
    }
  }
  return entries;
}

function serviceAt(series: Series, slot: number, queue: Slot | undefined): ServiceSample {
  const { workers = 2, pid } = series;
  const count = typeof workers === 'number' ? workers : number(parseSeries(workers)[slot]);
  return {
    workers: count,
    queue_length: number(queue),
    ...(pid === undefined ? {} : { main_pid: number(parseSeries(pid)[slot]) }),
    ...series.service,
  };
}

function number(slot: Slot | undefined): number | null {
  return typeof slot === 'number' ? slot : null;
}

/** A project with cpu thresholds in short; 1 to 10 workers, no memory limit. */
export function policy(metrics: MetricPolicy[], fields: Partial<Policy> = {}): Policy {
  return {
    project: 'shop',
    service: SERVICE,
    minWorkers: 1,
    maxWorkers: 10,
    metrics,
    memoryThresholdMb: null,
    ...fields,
  };
}

/** Brakes that are off but for `fields`. */
export function brakes(fields: Partial<BrakePolicy>): BrakePolicy {
  return {
    warmupMs: 0,
    cooldownMs: { up: 0, down: 0 },
    maxStep: { up: null, down: null },
    adaptiveScaleDown: false,
    ...fields,
  };
}

/** The history as `run` writes it: each sample with what the brakes remember. */
export function carryAll(policies: readonly Policy[], entries: HistoryEntry[]): HistoryEntry[] {
  const carried: HistoryEntry[] = [];
  for (const entry of entries) {
    carried.push(entry.kind === 'sample' ? carryBrakes(policies, carried, entry) : entry);
  }
  return carried;
}

/** Changes every sample of a history. */
export function mapSamples(
  entries: HistoryEntry[],
  change: (sample: Sample) => Sample,
): HistoryEntry[] {
  return entries.map((entry) => (entry.kind === 'sample' ? change(entry) : entry));
}
