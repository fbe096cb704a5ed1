import { onFirstChange } from '../../host/phase.ts';
import { monotonicMs } from '../../host/monotonic.ts';
import { writeErr } from '../../host/streams.ts';

/**
 * This long after a signal nothing is waited for any longer, whatever it is (a systemd that does not answer, say): some
 * seconds before systemd kills the service (`TimeoutStopSec=`). By then a run rarely has anything left to wait for.
 */
const END_MS = 150_000;

/** Whether the user (Ctrl-C) or systemd (stop) asked us to end. */
export interface SignalWatch {
  /** since when, as `monotonicMs`; null: not */
  interruptedMs: () => number | null;
  /** 128 + the signal's number, if one came; null otherwise */
  exitCode: () => number | null;
  /** from now on a signal ends the process again at once */
  release: () => void;
}

/**
 * Holds back SIGINT, SIGTERM and SIGHUP from the first change on: what is under way is finished or undone, nothing new is
 * begun, what was done is reported, and the process ends with 128 + n. Before the first change a signal ends the process
 * at once, even if this thread is blocked, as there is nothing to lose. What is still under way `endMs` after the first
 * signal is left as it is for the next run, as after a kill.
 */
export function watchSignals(endMs = END_MS): SignalWatch {
  const numbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;
  let first: { code: number; atMs: number; timer: NodeJS.Timeout } | null = null;
  const handlers = Object.entries(numbers).map(([name, number]) => ({
    name,
    handler: (): void => {
      const code = 128 + number;
      first ??= { code, atMs: monotonicMs(), timer: setTimeout(giveUp, endMs, code, endMs) };
    },
  }));
  onFirstChange(() => {
    for (const { name, handler } of handlers) process.on(name, handler);
  });
  return {
    interruptedMs: () => first?.atMs ?? null,
    exitCode: () => first?.code ?? null,
    release: () => {
      clearTimeout(first?.timer);
      onFirstChange(null);
      for (const { name, handler } of handlers) process.off(name, handler);
    },
  };
}

function giveUp(code: number, endMs: number): void {
  const left = 'the next run completes or rolls back what is still under way';
  writeErr(`autoscaler: asked to stop ${endMs / 1000} s ago: ${left}\n`);
  process.exit(code);
}
