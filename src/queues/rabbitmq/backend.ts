import type { ServerUrl } from '../broker-url.ts';
import type { QueueBackend } from '../queue.ts';
import { nameServer, type RabbitBroker, type RabbitServer } from './broker.ts';

const AMQP = { port: 5672, tls: false, usesTlsPort: true };

/** RabbitMQ over AMQP 0-9-1. */
export const rabbitmq: QueueBackend<RabbitBroker> = {
  name: 'rabbitmq',
  schemes: {
    amqp: AMQP,
    amqps: { port: 5671, tls: true },
    pyamqp: { ...AMQP, isAlias: true },
    librabbitmq: { ...AMQP, isAlias: true },
  },
  form: 'amqp://USER:PASSWORD@HOST:PORT/VHOST',
  usualPath: '//',
  optionKeys: { confirm_publish: { type: 'unused' } },
  findFault: () => null,
  noUnacked: {
    expected: 'a metric that RabbitMQ can report',
    hint: 'AMQP does not report unacknowledged tasks: use "ready+running", or "ready"',
  },
  resolve: (urls, { tls, port }) => {
    const servers = urls.map((url) => toServer(url, port)) as RabbitBroker['servers'];
    return { backend: rabbitmq, servers, tls, connection: JSON.stringify({ servers, tls }) };
  },
  nameServer,
  load: async () => {
    const { client } = await import('./queue-client.ts');
    return client;
  },
};

function toServer(url: ServerUrl, port: number): RabbitServer {
  const { host, user, password, path, query } = url;
  return {
    ...{ host, port: url.port ?? port, user: user ?? 'guest' },
    password: password ?? (user === null ? 'guest' : query.get('password')),
    // no path and a single slash are the virtual host "/"
    virtualHost: path || '/',
  };
}
