/** `3 m`, `2 m 30 s`, `1 h`: a duration without parts that are 0. Below 10 s with a tenth: `2.5 s`. */
export function formatDuration(ms: number): string {
  const parts = splitDuration(ms).filter(([count]) => count > 0);
  return parts.length > 0 ? joinParts(parts) : '0 s';
}

/** `4 m 0 s`, `45 s`, `1 h 0 m 20 s`: a measured time, to the second, in full from its first part on. */
export function formatHeld(ms: number): string {
  const parts = splitDuration(ms);
  const first = parts.findIndex(([count]) => count > 0);
  return joinParts(first === -1 ? parts.slice(-1) : parts.slice(first));
}

/** A number with at most one decimal. */
export function formatNumber(value: number): string {
  return String(Math.round(value * 10) / 10);
}

/** `1 worker`, `2 workers`, `1 process`, `2 processes`: a number of things, by the name of one. */
export function formatCount(count: number, one: string): string {
  if (count === 1) return `1 ${one}`;
  return `${count} ${/s$/.test(one) ? `${one}es` : `${one}s`}`;
}

/** Memory for people: `512 MB`, from 1024 on `4.2 GB` (2^20 and 2^30 bytes). */
export function formatMemory(mb: number): string {
  return mb < 1024 ? `${Math.round(mb)} MB` : `${(mb / 1024).toFixed(1)} GB`;
}

type Part = [count: number, unit: string];

function splitDuration(ms: number): Part[] {
  const tenths = Math.round(ms / 100);
  if (tenths < 100) return [[tenths / 10, 's']];
  const seconds = Math.round(ms / 1000);
  return [
    [Math.floor(seconds / 3600), 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ];
}

function joinParts(parts: readonly Part[]): string {
  return parts.map(([count, unit]) => `${count} ${unit}`).join(' ');
}
