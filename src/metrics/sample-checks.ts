import {
  AMOUNT,
  AMOUNTS,
  COUNT,
  ERRORS,
  OBJECT,
  PERCENT,
  SECONDS,
  TEXT,
  TEXTS,
  expectation,
  isObject,
  mismatch,
  optional,
  type Check,
  type Json,
} from '../model/checks.ts';
import {
  measureError,
  recallError,
  type MeasureErrors,
  type RecordedError,
} from '../model/measure-error.ts';
import type { Metric } from './metric.ts';
import { ALL_METRICS } from './registry.ts';

/** Checks of the values of one part of a sample; an unknown key is left as it is. */
type Checks = Record<string, Check>;

/** What most values are. */
const AMOUNT_OR_NULL = optional(AMOUNT);
const COUNT_OR_NULL = optional(COUNT);
const PERCENT_OR_NULL = optional(PERCENT);

const TICKS: Check = (value) =>
  isObject(value) && ['total', 'idle', 'steal'].every((key) => AMOUNT(value[key]) === null)
    ? null
    : 'counters';

const GROUPS: Check = (value) =>
  Array.isArray(value) && value.every(isGroup) ? null : 'a list of groups with their limits';

function isGroup(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { group, what, limit_mb: limit, used_mb: used } = value;
  return (
    TEXT(group) === null &&
    (what === 'MemoryMax' || what === 'MemoryHigh') &&
    AMOUNT(limit) === null &&
    AMOUNT_OR_NULL(used) === null
  );
}

const SAMPLE: Checks = {
  span_s: optional(SECONDS),
  host: optional(OBJECT),
  services: optional(OBJECT),
  brakes: optional(OBJECT),
};
/** The keys that metrics are read from, as each metric declares them. */
function fieldsOf(part: Metric['of']): Checks {
  const fields = ALL_METRICS.filter(({ of }) => of === part).flatMap((each) =>
    Object.entries(each.fields),
  );
  return Object.fromEntries(fields.map(([key, check]) => [key, optional(check)]));
}

const HOST: Checks = {
  ...fieldsOf('host'),
  pressure_us: optional(AMOUNTS),
  cpus: COUNT_OR_NULL,
  swap_used_mb: AMOUNT_OR_NULL,
  steal_percent: PERCENT_OR_NULL,
  cpu_ticks: optional(TICKS),
  memory_available_mb: AMOUNT_OR_NULL,
  memory_total_mb: AMOUNT_OR_NULL,
  errors: optional(ERRORS),
};
const SERVICE: Checks = {
  ...fieldsOf('service'),
  pressure_us: optional(AMOUNTS),
  cpu_usage_us: AMOUNT_OR_NULL,
  worker_peak_mb: AMOUNT_OR_NULL,
  worker_peak_s: AMOUNT_OR_NULL,
  memory_groups: optional(GROUPS),
  oom_kills: COUNT_OR_NULL,
  workers: COUNT_OR_NULL,
  running: COUNT_OR_NULL,
  memory_mb: AMOUNT_OR_NULL,
  tasks_total: COUNT_OR_NULL,
  arrival_rate: AMOUNT_OR_NULL,
  completion_rate: AMOUNT_OR_NULL,
  active: optional(TEXT),
  main_pid: COUNT_OR_NULL,
  main_start_s: optional(SECONDS),
  auto_restarts: COUNT_OR_NULL,
  unit_hash: optional(TEXT),
  notes: optional(TEXTS),
  hold: optional(TEXT),
  errors: optional(ERRORS),
};
const BRAKES: Checks = {
  failures: COUNT_OR_NULL,
  failed_s: optional(SECONDS),
  failed_change: optional(TEXT),
  changed_s: optional(SECONDS),
  lowered_s: optional(SECONDS),
  slowdown: COUNT_OR_NULL,
  taken_back_s: optional(SECONDS),
  raised_s: optional(SECONDS),
  raised_from: COUNT_OR_NULL,
  raised_kills: COUNT_OR_NULL,
  oom_undos: COUNT_OR_NULL,
};

/** Called for each wrong value, with its key, what was expected, and what was found. */
type Tell = (fault: string) => void;

/**
 * Checks all values of a sample. Wrong values become null, with the reason among the errors; missing values become null
 * too. A wrong value spoils nothing else. Errors that are recorded as texts have a code afterwards.
 */
export function dropWrongValues(sample: object, tell: Tell = () => undefined): void {
  dropWrong(sample as Json, tell);
}

function dropWrong(sample: Json, tell: Tell): void {
  dropWrongOf(sample, SAMPLE, '', tell);
  sample['span_s'] ??= null;
  const host = (sample['host'] ??= {}) as Json;
  noteErrors(host, dropWrongOf(host, HOST, 'host.', tell));
  host['cpu_percent'] ??= null;
  host['memory_available_mb'] ??= null;
  const services = (sample['services'] ??= {}) as Json;
  for (const [name, service] of listParts(services, 'services.', tell)) {
    noteErrors(service, dropWrongOf(service, SERVICE, `services.${name}.`, tell));
    service['workers'] ??= null;
  }
  if (sample['brakes'] === null) delete sample['brakes'];
  for (const [name, memory] of listParts((sample['brakes'] ?? {}) as Json, 'brakes.', tell)) {
    const wrong = dropWrongOf(memory, BRAKES, `brakes.${name}.`, tell);
    for (const key in wrong) delete memory[key];
  }
}

/** The parts by name; what is not an object is replaced by an empty part. */
function listParts(parts: Json, path: string, tell: Tell): [name: string, part: Json][] {
  return Object.keys(parts).map((name) => {
    const part = parts[name];
    if (isObject(part)) return [name, part];
    tell(expectation(path + name, 'an object', part));
    const empty: Json = {};
    parts[name] = empty;
    return [name, empty];
  });
}

/** With fifty services each run checks thousands of values here, so a correct value must cost little. */
function dropWrongOf(part: Json, checks: Checks, path: string, tell: Tell): MeasureErrors {
  let errors = NONE;
  for (const key in part) {
    const value = part[key];
    if (value === null || !Object.hasOwn(checks, key)) continue;
    const expected = checks[key]!(value);
    if (expected === null) continue;
    if (errors === NONE) errors = {};
    errors[key] = measureError('wrong_value', mismatch(expected, value));
    tell(expectation(path + key, expected, value));
    part[key] = null;
  }
  return errors;
}

const NONE: MeasureErrors = {};

/** Adds the reasons to the errors of the part; wrong keys that are not measurements are removed instead of being null. */
function noteErrors(part: Json, wrong: MeasureErrors): void {
  if (part['errors'])
    part['errors'] = recallErrors(part['errors'] as Record<string, RecordedError>);
  if (wrong === NONE) return;
  for (const key of ['errors', 'notes', 'pressure_us', 'memory_groups']) {
    if (part[key] === null) delete part[key];
  }
  part['errors'] = { ...(part['errors'] as Json | undefined), ...wrong };
}

function recallErrors(recorded: Record<string, RecordedError>): MeasureErrors {
  return Object.fromEntries(
    Object.entries(recorded).map(([key, error]) => [key, recallError(error)]),
  );
}
