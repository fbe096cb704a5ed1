const UNITS = [
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
  ['s', 1],
] as const;

/** A time span in its two largest units: `48 s`, `1 m 12 s`, `3 d 4 h`. */
export function formatAge(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const first = UNITS.findIndex(([, size]) => seconds >= size);
  if (first === -1) return '0 s';
  const [unit, size] = UNITS[first]!;
  const [next, nextSize] = UNITS[first + 1] ?? ['s', 1];
  const rest = Math.floor((seconds % size) / nextSize);
  const head = `${Math.floor(seconds / size)} ${unit}`;
  return rest > 0 && size > 1 ? `${head} ${rest} ${next}` : head;
}

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/** A moment in local time, with the day where that is not today's: `04:12`, `23 Nov 04:12`, `2 Jan 2025 04:12`. */
export function formatMoment(ms: number, nowMs: number): string {
  const date = new Date(ms);
  const now = new Date(nowMs);
  const two = (value: number): string => String(value).padStart(2, '0');
  const time = `${two(date.getHours())}:${two(date.getMinutes())}`;
  if (date.toDateString() === now.toDateString()) return time;
  const day = `${date.getDate()} ${MONTHS[date.getMonth()]}`;
  const isThisYear = date.getFullYear() === now.getFullYear();
  return isThisYear ? `${day} ${time}` : `${day} ${date.getFullYear()} ${time}`;
}
