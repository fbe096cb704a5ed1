import type { Limits } from './queue.ts';
import { monotonicMs } from '../host/monotonic.ts';
import type { Broker } from './queue.ts';
import {
  BrokerError,
  BrokerRefusal,
  codeOf,
  commonCode,
  type BrokerErrorCode,
} from './broker-error.ts';

/** The limits of a question that begins now. */
export function limitsFromNow(serverMs: number, totalMs: number): Limits {
  return { serverMs, deadline: monotonicMs() + totalMs };
}

/**
 * Asks the servers of a broker one after another until one answers, as Celery does. `ask` has to respect its limit itself.
 *
 * @throws BrokerError: what each of them says; a BrokerRefusal if each refuses for good
 */
export async function tryServers<T, B extends Broker>(
  { backend, servers }: B,
  limits: Limits,
  ask: (server: B['servers'][0], limitMs: number) => Promise<T>,
): Promise<T> {
  const faults: Fault[] = [];
  let refusals = 0;
  for (const server of servers) {
    const leftMs = limits.deadline - monotonicMs();
    const limitMs = Math.round(Math.min(limits.serverMs, leftMs));
    const at = backend.nameServer(server);
    if (limitMs <= 0) {
      faults.push({ at, what: 'there was no time left for it', code: 'broker_unreachable' });
      continue;
    }
    try {
      return await ask(server, limitMs);
    } catch (error) {
      faults.push({ at, what: (error as Error).message, code: codeOf(error) });
      if (error instanceof BrokerRefusal) refusals += 1;
    }
  }
  const Kind = refusals === servers.length ? BrokerRefusal : BrokerError;
  throw new Kind(commonCode(faults.map(({ code }) => code)), tellFaults(faults));
}

/** A server and its fault. */
interface Fault {
  at: string;
  what: string;
  code: BrokerErrorCode;
}

/** Further servers with the same fault are only counted, so that a short text has room for the other faults too. */
const MOST_NAMED = 2;

function tellFaults(faults: readonly Fault[]): string {
  const places = new Map<string, string[]>();
  for (const { at, what } of faults) places.set(what, [...(places.get(what) ?? []), at]);
  return [...places]
    .flatMap(([what, [first = '', ...others]]) =>
      others.length < MOST_NAMED
        ? [first, ...others].map((at) => `${at}: ${what}`)
        : [`${first} and ${others.length} others: ${what}`],
    )
    .join('; ');
}
