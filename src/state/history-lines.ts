import type { HistoryEntry } from '../model/types.ts';
import {
  COUNT,
  SECONDS,
  TEXT,
  expectation,
  findFault,
  isObject,
  oneOf,
  optional,
  shorten,
  type Check,
  type Json,
} from '../model/checks.ts';
import { dropWrongValues } from '../metrics/sample-checks.ts';

const COMMON: Record<string, Check> = {
  v: (value) => (value === 1 ? null : 'version 1 of the format'),
  at: TEXT,
  boot: TEXT,
  uptime_s: SECONDS,
};
const ACTION: Record<string, Check> = {
  service: TEXT,
  action: oneOf('scale_up', 'scale_down', 'rollback', 'heal', 'renew'),
  from: COUNT,
  to: COUNT,
  result: oneOf('applied', 'failed', 'undone'),
  change: optional(TEXT),
};

/**
 * One line of the history, checked by hand because every run reads some. What may be missing (a metric, the workers
 * of a service, the span) is null afterwards; keys that are not known are kept. A measure of a sample that is wrong is null too, and `tell`
 * hears of it; the rest of the sample counts. `fault`: the line is no entry; key, what was expected, what was found.
 */
export function parseHistoryLine(
  line: string,
  report: (fault: string) => void = () => undefined,
): HistoryEntry | { fault: string } {
  const entry = parseObject(line);
  if (entry === null) return { fault: `expected a JSON object, found ${shorten(line)}` };
  const { kind } = entry;
  if (kind !== 'sample' && kind !== 'action') {
    return { fault: expectation('kind', '"sample" or "action"', kind) };
  }
  const fault = findFault(entry, COMMON) ?? (kind === 'action' ? findFault(entry, ACTION) : null);
  if (fault !== null) return { fault };
  if (kind === 'sample') dropWrongValues(entry, report);
  return entry as unknown as HistoryEntry;
}

function parseObject(line: string): Json | null {
  try {
    const value: unknown = JSON.parse(line);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}
