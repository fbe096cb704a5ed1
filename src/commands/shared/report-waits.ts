import type { Logger } from 'pino';
import type { ActDeps } from '../../act/ports.ts';
import { formatHeld } from '../../model/wording.ts';
import { monotonicMs } from '../../host/monotonic.ts';
import { mayShowStatus, showStatus } from '../../host/streams.ts';

/** A short wait is not mentioned; a longer one is shown continuously on a terminal, and now and then in a log. */
const TERMINAL_MS = 2_000;
const LOG_MS = 30_000;
const LOG_AGAIN_MS = 60_000;

/** A wait that was not reported again within this time is over. */
const FRESH_MS = 2_500;

/** Shows what changes wait for: on a terminal in one line that is kept up to date, otherwise as log events `waiting`. */
export function openWaits(log: Logger, isShown = mayShowStatus()): ActDeps['waitsFor'] {
  const waits = new Map<string, { sentence: string; atMs: number }>();
  const logged = new Map<string, number>();
  return (service, what, sinceMs, limitMs = Infinity) => {
    const nowMs = monotonicMs();
    const waitedMs = nowMs - sinceMs;
    const limit = limitMs === Infinity ? '' : ` of at most ${formatHeld(limitMs)}`;
    const wholeMs = Math.floor(waitedMs / 1000) * 1000;
    const sentence = `${service}: ${what}: ${formatHeld(wholeMs)}${limit}`;
    if (isShown) {
      if (waitedMs < TERMINAL_MS) return;
      waits.set(service, { sentence, atMs: nowMs });
      const [first, ...others] = [...waits.values()].filter(({ atMs }) => nowMs - atMs < FRESH_MS);
      showStatus(`${first?.sentence}${others.length === 0 ? '' : ` (and ${others.length} more)`}`);
      return;
    }
    const lastMs = logged.get(service) ?? -Infinity;
    if (waitedMs < LOG_MS || nowMs - lastMs < LOG_AGAIN_MS) return;
    logged.set(service, nowMs);
    log.info({ event: 'waiting', service }, sentence);
  };
}

/** For `holdLock`: says, in the log and to people at a terminal, which run it waits for. */
export function reportLock(log: Logger): (sentence: string) => void {
  return (sentence) => {
    log.info({ event: 'lock' }, sentence);
    showStatus(sentence);
  };
}
