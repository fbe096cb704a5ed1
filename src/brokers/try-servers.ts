import { monotonicMs } from '../monotonic.ts';
import { nameServer, type Broker, type Server } from './broker.ts';
import { BrokerRefusal } from './refusal.ts';

/** How long a broker may take: each of its servers, and until when all of them. */
export interface Limits {
  serverMs: number;
  /** on the clock of `monotonicMs` */
  deadline: number;
}

/** The limits of a question that begins now. */
export function limitsFromNow(serverMs: number, totalMs: number): Limits {
  return { serverMs, deadline: monotonicMs() + totalMs };
}

/**
 * Asks the servers of a broker one after another until one answers, as Celery does. `ask` keeps its limit itself.
 *
 * @throws Error in plain words: what each of them says; a BrokerRefusal where each refuses for good
 */
export async function tryServers<T>(
  { kind, servers }: Broker,
  limits: Limits,
  ask: (server: Server, limitMs: number) => Promise<T>,
): Promise<T> {
  const faults: string[] = [];
  let refusals = 0;
  for (const server of servers) {
    const leftMs = limits.deadline - monotonicMs();
    const limitMs = Math.round(Math.min(limits.serverMs, leftMs));
    const at = nameServer(kind, server);
    if (limitMs <= 0) {
      faults.push(`${at}: no time was left for it`);
      continue;
    }
    try {
      return await ask(server, limitMs);
    } catch (error) {
      faults.push(`${at}: ${(error as Error).message}`);
      if (error instanceof BrokerRefusal) refusals += 1;
    }
  }
  const Kind = refusals === servers.length ? BrokerRefusal : Error;
  throw new Kind(faults.join('; '));
}
