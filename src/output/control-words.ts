import type { StoredEnd } from '../model/control-types.ts';
import { formatDuration } from '../model/wording.ts';

/** `until 2026-11-24 20:15 UTC (2 h)`, or `until COMMAND` where it has no end. */
export function describeEnd({ since, until }: StoredEnd, command: string): string {
  if (until === null) return `until somebody ends it (${command})`;
  const duration = formatDuration(Date.parse(until) - Date.parse(since));
  return `until ${until.slice(0, 16).replace('T', ' ')} UTC (${duration})`;
}
