import { setTimeout as sleep } from 'node:timers/promises';

/** What is waited for, as it completes "waiting for …", and for how long (default 40 s). */
export interface UntilOptions {
  what: string;
  timeoutMs?: number;
  everyMs?: number;
}

/**
 * Calls `check` again and again until it returns something other than false, null or undefined, and
 * returns that. A check that throws is tried again; when the time is over its last error is in the message.
 */
export async function until<T>(
  check: () => Promise<T | false | null | undefined> | T | false | null | undefined,
  { what, timeoutMs = 40_000, everyMs = 200 }: UntilOptions,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  let last = '';
  for (;;) {
    try {
      const value = await check();
      if (value !== false && value !== null && value !== undefined) return value;
      last = `the last answer was ${String(value)}`;
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
    if (performance.now() >= deadline) {
      throw new Error(`gave up after ${timeoutMs} ms waiting for ${what}: ${last}`);
    }
    await sleep(everyMs);
  }
}
