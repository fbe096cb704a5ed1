import { monotonicMs } from '../../host/monotonic.ts';
import type { RabbitBroker, RabbitServer } from './broker.ts';
import { createAmqpClient, type AmqpChannel } from './client.ts';
import { explainAmqpError, isLastingAmqpError } from './errors.ts';
import { MOST_BYTES } from '../connection.ts';
import { BrokerError, BrokerRefusal } from '../broker-error.ts';
import { tellLate, withinLimit } from '../time-limit.ts';
import { tlsOptions } from '../tls.ts';
import type { Limits } from '../queue.ts';
import { tryServers } from '../try-servers.ts';

const GOODBYE_MS = 500;

/** Opens one more channel: an error that the server answers closes the channel that it came on. */
export type OpenChannel = () => Promise<AmqpChannel>;

/**
 * Asks an AMQP server: one connection, gone when this returns. An error that the server answers rejects what
 * `ask` waits for; it is put into plain words. `mostBytes`: what it may send in all.
 *
 * @throws Error in plain words, without a password, where the server cannot be asked within its limits
 */
export function askAmqp<T>(
  broker: RabbitBroker,
  limits: Limits,
  ask: (open: OpenChannel, server: RabbitServer) => Promise<T>,
  mostBytes = MOST_BYTES,
): Promise<T> {
  return tryServers(broker, limits, async (server, limitMs) => {
    const { host, port, user, password, virtualHost } = server;
    const end = monotonicMs() + limitMs;
    const tls = broker.tls === null ? {} : { tls: tlsOptions(broker.tls) };
    const client = createAmqpClient({ host, port, ...tls }, mostBytes);
    const work = async (): Promise<T> => {
      await client.logIn(user ?? '', password ?? '', virtualHost);
      const answer = await ask(client.openChannel, server);
      // what breaks the rules besides is not to be believed
      const fault = client.fault();
      if (fault !== null) throw fault;
      return answer;
    };
    try {
      return await withinLimit(work(), limitMs, tellLate(limitMs, broker.tls !== null));
    } catch (error) {
      const fault = error as Error;
      const Kind = isLastingAmqpError(fault) ? BrokerRefusal : BrokerError;
      const { code, text } = explainAmqpError(fault);
      throw new Kind(code, text, { cause: error });
    } finally {
      await client.close(Math.min(GOODBYE_MS, end - monotonicMs()));
    }
  });
}
