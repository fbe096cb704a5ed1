import type { HistoryEntry, Hold, HostSample, Sample } from '../model/types.ts';
import { parseHistoryLine } from './history-lines.ts';

/** How a sample begins that was written by a run, up to its moment: ASCII without quotes and backslashes. */
const HEAD =
  /^\{"v":1,"kind":"sample","at":"([ !#-[\]-~]+)","boot":"([ !#-[\]-~]+)","uptime_s":(\d+(?:\.\d+)?),/;
/** A run writes no longer one; behind a longer one the line is parsed whole. */
const HEAD_BYTES = 160;
const HOLD_KEY = Buffer.from('"hold":"');
const QUOTE = 0x22;
const BRACE = 0x7d;

/**
 * As `parseHistoryLine`, for who counts a day of samples and what held changes back: of a sample only that is read, by
 * any names of services, and its end is looked at, since a day parsed whole takes ten times as long. No text of the
 * line is made but of what is kept. What a decision is made of is never read so.
 */
export function parseCountedLine(line: Buffer): HistoryEntry | { fault: string } {
  const head = endsAsSample(line) ? HEAD.exec(line.toString('latin1', 0, HEAD_BYTES)) : null;
  if (head === null) return parseHistoryLine(line.toString('utf8'));
  return {
    v: 1,
    kind: 'sample',
    // not taken apart by its iterator, which makes an object for each
    at: head[1]!,
    boot: head[2]!,
    uptime_s: Number(head[3]),
    span_s: null,
    host: UNREAD,
    services: findHolds(line),
  };
}

const UNREAD: HostSample = { cpu_percent: null, memory_available_mb: null };

function endsAsSample(line: Buffer): boolean {
  const at = line.length - 1;
  return line[at] === BRACE && line[at - 1] === BRACE && line[at - 2] === BRACE;
}

/** In a text within JSON the quotes of the key would be escaped. */
function findHolds(line: Buffer): Sample['services'] {
  const services: Sample['services'] = {};
  for (let at = line.indexOf(HOLD_KEY); at >= 0; at = line.indexOf(HOLD_KEY, at)) {
    const start = at + HOLD_KEY.length;
    at = line.indexOf(QUOTE, start);
    if (at < 0) break;
    services[start] = { workers: null, hold: line.toString('latin1', start, at) as Hold };
  }
  return services;
}
