import { InvalidArgumentError } from 'commander';
import ms, { type StringValue } from 'ms';

const DURATION = /^\d+(?:\.\d+)?\s*[a-z]+$/i;
const DATE = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?$/;

/** From this year on a time is taken as meant, not as a typo. */
const LONGEST_MS = 100 * 365 * 24 * 3_600_000;

/** A duration such as `30m`, `2h` or `7d`, in milliseconds, more than 0; for the command line (exit 64). */
export function durationArgument(text: string): number {
  const value = parseDuration(text.trim());
  if (value !== null) return value;
  throw new InvalidArgumentError('expected a duration with its unit, such as 30m, 2h or 7d.');
}

/**
 * A moment in the past, in milliseconds since 1970: a duration before now, or a date such as `2026-11-24` or
 * `2026-11-24T04:00`, in local time unless it says otherwise; for the command line (exit 64).
 */
export function sinceArgument(text: string): number {
  const trimmed = text.trim();
  const now = Date.now();
  const duration = parseDuration(trimmed);
  const at = duration === null ? parseDate(trimmed) : now - duration;
  if (at === null) {
    throw new InvalidArgumentError(
      'expected a duration such as 30m, 24h or 7d, or a date such as 2026-11-24 or 2026-11-24T04:00.',
    );
  }
  if (at > now) throw new InvalidArgumentError('expected a time in the past.');
  return at;
}

function parseDuration(text: string): number | null {
  if (!DURATION.test(text)) return null;
  // undefined for an unknown unit, whatever the types say
  const value = ms(text as StringValue) as number | undefined;
  return value !== undefined && value > 0 && value <= LONGEST_MS ? value : null;
}

function parseDate(text: string): number | null {
  if (!DATE.test(text)) return null;
  // a date alone would be taken as UTC
  const at = new Date(text.length === 10 ? `${text}T00:00` : text.replace(' ', 'T')).getTime();
  return Number.isNaN(at) || dayOf(at, text) !== text.slice(0, 10) ? null : at;
}

/** The day as it was parsed, if the text has no time zone: `2026-02-30` would become a day in March. */
function dayOf(at: number, text: string): string {
  if (/(?:Z|[+-]\d\d:?\d\d)$/.test(text.slice(10))) return text.slice(0, 10);
  const date = new Date(at);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}
