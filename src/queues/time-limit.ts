import { BrokerError } from './broker-error.ts';

/** How long all brokers of a run may take together, milliseconds. */
export const BROKERS_MS = 10_000;

/** How a silent server is described: one without TLS may take a TLS greeting for the start of a command, and wait. */
export function tellLate(limitMs: number, isTls: boolean): string {
  return `no answer within ${limitMs / 1000} s${isTls ? ' (does it speak TLS there?)' : ''}`;
}

/** The value, or a BrokerError with `message` if it does not arrive within `timeoutMs`; what comes later is ignored. */
export async function withinLimit<T>(
  work: Promise<T>,
  timeoutMs: number,
  message: string,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new BrokerError('broker_unreachable', message)), timeoutMs);
  });
  // after the time limit nobody waits for it
  work.catch(() => undefined);
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
