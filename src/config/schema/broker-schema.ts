import * as z from 'zod/mini';
import { absolutePath, legacy, text } from './schema-parts.ts';
import { example, flag, number } from './values.ts';

/** A broker URL in one of the forms that Celery knows. */
export const broker = (description: string) =>
  z.optional(
    text(
      description,
      'a URL that starts with redis://, rediss://, redis+socket://, unix://, sentinel://, amqp:// or amqps://',
      /^(rediss?|redis\+socket|unix|sentinel|amqps?|pyamqp|librabbitmq):\/\/\S*$/,
    ).check(example('redis://localhost:6379/0')),
  );

/** What of Celery's own option of the same name matters to us, and what is accepted because people copy it. */
export const transportOptionsSchema = z.strictObject(
  {
    master_name: z.optional(text('For Sentinel: the name of the master.', 'a name', /^\S+$/)),
    sentinel_kwargs: z.optional(
      z
        .strictObject(
          {
            username: z.optional(text('The user of the sentinels.', 'a text', /^/)),
            password: z.optional(text('The password of the sentinels.', 'a text', /^/)),
            ssl: z.optional(flag('true: the sentinels speak TLS.')),
          },
          { error: 'options in braces, such as { "password": "…" }' },
        )
        .check(z.describe('How to log in to the sentinels themselves.')),
    ),
    global_keyprefix: z.optional(text('The prefix of all keys in Redis.', 'a text', /^/)),
    priority_steps: z.optional(
      z
        .array(number('a number from 0 to 255', 0, 255), {
          error: 'a list of numbers, such as [0, 3, 6, 9]',
        })
        .check(
          z.minLength(1, { error: 'a list with at least one number' }),
          z.describe('The priorities that have a list of their own. Default: [0, 3, 6, 9].'),
        ),
    ),
    sep: z.optional(
      text('The separator between queue and priority in the name of a list.', 'a text', /./s),
    ),
    unacked_key: z.optional(
      text('The hash of unacknowledged tasks. Default: "unacked".', 'a name', /./),
    ),
    visibility_timeout: legacy('Accepted, not used.'),
    queue_order_strategy: legacy('Accepted, not used.'),
    fanout_prefix: legacy('Accepted, not used.'),
    fanout_patterns: legacy('Accepted, not used.'),
    socket_timeout: legacy('Accepted, not used.'),
    socket_connect_timeout: legacy('Accepted, not used.'),
    socket_keepalive: legacy('Accepted, not used.'),
    retry_on_timeout: legacy('Accepted, not used.'),
    health_check_interval: legacy('Accepted, not used.'),
    max_connections: legacy('Accepted, not used.'),
    confirm_publish: legacy('Accepted, not used.'),
  },
  { error: 'options in braces, such as { "master_name": "mymaster" }' },
);

const tlsFile = (description: string) =>
  z.optional(absolutePath(description, '/etc/ssl/certs/broker.pem'));

const certReqs = z.optional(
  text(
    'Whether its certificate is checked. Default: it is.',
    '"required", "optional" or "none", as in Celery',
    /^(CERT_)?(REQUIRED|OPTIONAL|NONE)$/i,
  ),
);

/** Celery's names for Redis begin with `ssl_`, those for RabbitMQ do not: both are taken for both. */
export const sslOptionsSchema = z.strictObject(
  {
    ssl_ca_certs: tlsFile('The authority that the certificate of the broker is checked against.'),
    ssl_certfile: tlsFile('A client certificate, if the broker asks for one.'),
    ssl_keyfile: tlsFile('The key of that certificate.'),
    ssl_cert_reqs: certReqs,
    ssl_check_hostname: z.optional(
      flag('false: its certificate may be for another host name. Default: true.'),
    ),
    ca_certs: tlsFile('As ssl_ca_certs.'),
    certfile: tlsFile('As ssl_certfile.'),
    keyfile: tlsFile('As ssl_keyfile.'),
    cert_reqs: certReqs,
  },
  { error: 'true, false or options in braces, such as { "ssl_ca_certs": "/etc/ssl/ca.pem" }' },
);

/** What of Celery's `broker_transport_options` a project sets. */
export type TransportOptions = z.output<typeof transportOptionsSchema>;

/** What of Celery's `broker_use_ssl` a project sets. */
export type SslOptions = z.output<typeof sslOptionsSchema>;
