import type { HistoryEntry } from '../decide/types.ts';

type Json = Record<string, unknown>;

/** Says what is wrong with a value; null: nothing. */
type Check = (value: unknown) => string | null;

/**
 * One line of the history, checked by hand because every run reads some. What may be missing (a metric, the workers
 * of a service, the span) is null afterwards; keys that are not known are kept. `fault`: key, what was expected, what was found.
 */
export function parseHistoryLine(line: string): HistoryEntry | { fault: string } {
  const entry = parseObject(line);
  if (entry === null) return { fault: `expected a JSON object, found ${shorten(line)}` };
  const fault =
    entry['kind'] === 'sample'
      ? (findFault(entry, COMMON) ?? findFault(entry, SAMPLE) ?? findSampleFault(entry))
      : entry['kind'] === 'action'
        ? (findFault(entry, COMMON) ?? findFault(entry, ACTION))
        : expectation('kind', '"sample" or "action"', entry['kind']);
  return fault === null ? (entry as unknown as HistoryEntry) : { fault };
}

const isNumber = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value);
const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const TEXT: Check = (value) => (typeof value === 'string' ? null : 'a text');
const UNKNOWN: Check = () => null;
const OBJECT: Check = (value) => (isObject(value) ? null : 'an object');
const SECONDS: Check = (value) => (isNumber(value) && value >= 0 ? null : 'seconds, 0 or more');
const COUNT: Check = (value) =>
  isNumber(value) && Number.isInteger(value) && value >= 0 ? null : 'a whole number, 0 or more';
const AMOUNT: Check = (value) => (isNumber(value) && value >= 0 ? null : 'a number, 0 or more');
const optional =
  (check: Check): Check =>
  (value) => {
    const expected = value === undefined || value === null ? null : check(value);
    return expected === null ? null : `${expected}, or null`;
  };
/** What most values are. */
const AMOUNT_OR_NULL = optional(AMOUNT);
const COUNT_OR_NULL = optional(COUNT);
const oneOf =
  (...texts: string[]): Check =>
  (value) =>
    texts.some((text) => text === value) ? null : texts.join(' or ');
const TEXTS: Check = (value) =>
  isObject(value) && Object.values(value).every((each) => typeof each === 'string')
    ? null
    : 'texts by key';

const AMOUNTS: Check = (value) =>
  isObject(value) && Object.values(value).every((each) => AMOUNT(each) === null)
    ? null
    : 'numbers by key';

const COMMON: Record<string, Check> = {
  v: (value) => (value === 1 ? null : 'version 1 of the format'),
  at: TEXT,
  boot: TEXT,
  uptime_s: SECONDS,
};
const SAMPLE: Record<string, Check> = {
  span_s: optional(SECONDS),
  host: optional(OBJECT),
  services: optional(OBJECT),
  brakes: optional(OBJECT),
};
const ACTION: Record<string, Check> = {
  service: TEXT,
  action: oneOf('scale_up', 'scale_down', 'rollback', 'heal'),
  from: COUNT,
  to: COUNT,
  result: oneOf('applied', 'failed', 'undone'),
  change: optional(TEXT),
};
const PRESSURES: Record<string, Check> = {
  cpu_pressure: AMOUNT_OR_NULL,
  memory_pressure: AMOUNT_OR_NULL,
  io_pressure: AMOUNT_OR_NULL,
  pressure_us: optional(AMOUNTS),
};
const HOST: Record<string, Check> = {
  ...PRESSURES,
  cpus: COUNT_OR_NULL,
  swap_used_mb: AMOUNT_OR_NULL,
  cpu_percent: AMOUNT_OR_NULL,
  memory_available_mb: AMOUNT_OR_NULL,
  errors: optional(TEXTS),
};
const SERVICE: Record<string, Check> = {
  ...PRESSURES,
  cpu_cores: AMOUNT_OR_NULL,
  cpu_usage_us: AMOUNT_OR_NULL,
  worker_peak_mb: AMOUNT_OR_NULL,
  worker_peak_s: AMOUNT_OR_NULL,
  workers: COUNT_OR_NULL,
  running: COUNT_OR_NULL,
  memory_mb: AMOUNT_OR_NULL,
  queue_length: AMOUNT_OR_NULL,
  unacked: AMOUNT_OR_NULL,
  running_tasks: AMOUNT_OR_NULL,
  tasks_total: AMOUNT_OR_NULL,
  arrival_rate: AMOUNT_OR_NULL,
  completion_rate: AMOUNT_OR_NULL,
  drain_time_s: AMOUNT_OR_NULL,
  busy_percent: AMOUNT_OR_NULL,
  backlog: AMOUNT_OR_NULL,
  main_pid: COUNT_OR_NULL,
  main_start_s: optional(SECONDS),
  auto_restarts: COUNT_OR_NULL,
  unit_hash: optional(TEXT),
  notes: optional(TEXTS),
  hold: optional(TEXT),
  errors: optional(TEXTS),
};

const BRAKES: Record<string, Check> = {
  failures: COUNT_OR_NULL,
  failed_s: optional(SECONDS),
  failed_change: optional(TEXT),
  changed_s: optional(SECONDS),
  lowered_s: optional(SECONDS),
  slowdown: COUNT_OR_NULL,
  taken_back_s: optional(SECONDS),
};

/** Checks a sample's host and services, and makes null of what is missing there. */
function findSampleFault(entry: Json): string | null {
  entry['span_s'] ??= null;
  const host = (entry['host'] ??= {}) as Json;
  const services = (entry['services'] ??= {}) as Json;
  host['cpu_percent'] ??= null;
  host['memory_available_mb'] ??= null;
  const hostFault = findFaultOfThose(host, HOST, 'host.');
  if (hostFault !== null) return hostFault;
  const fault =
    findFaultIn(services, SERVICE, 'services') ??
    findFaultIn((entry['brakes'] ?? {}) as Json, BRAKES, 'brakes');
  if (fault !== null) return fault;
  for (const name in services) (services[name] as Json)['workers'] ??= null;
  return null;
}

function findFaultIn(parts: Json, checks: Record<string, Check>, path: string): string | null {
  for (const name in parts) {
    const part = parts[name];
    const key = `${path}.${name}`;
    const fault = isObject(part)
      ? findFaultOfThose(part, checks, `${key}.`)
      : expectation(key, 'an object', part);
    if (fault !== null) return fault;
  }
  return null;
}

/**
 * The same where every key may be missing, or null: what is not there, which is most, takes no time. Each run comes here
 * with thousands of values where there are fifty services, and V8 takes longer to optimize what is called so often than
 * that takes, so that most of them are told here.
 */
function findFaultOfThose(
  object: Json,
  checks: Record<string, Check>,
  path: string,
): string | null {
  for (const key in object) {
    const value = object[key];
    if (value === null) continue;
    const check = Object.hasOwn(checks, key) ? checks[key]! : UNKNOWN;
    if (typeof value === 'number' && value >= 0 && value < Infinity) {
      if (check === AMOUNT_OR_NULL || (check === COUNT_OR_NULL && value % 1 === 0)) continue;
    }
    const expected = check(value);
    if (expected !== null) return expectation(path + key, expected, value);
  }
  return null;
}

function findFault(object: Json, checks: Record<string, Check>, path = ''): string | null {
  for (const key in checks) {
    const expected = checks[key]!(object[key]);
    if (expected !== null) return expectation(path + key, expected, object[key]);
  }
  return null;
}

function expectation(key: string, expected: string, found: unknown): string {
  const text = found === undefined ? 'nothing' : shorten(JSON.stringify(found));
  return `${key}: expected ${expected}, found ${text}`;
}

function parseObject(line: string): Json | null {
  try {
    const value: unknown = JSON.parse(line);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

function shorten(text: string): string {
  const shown = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  return shown === '' ? 'nothing' : shown;
}
