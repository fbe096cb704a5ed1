import * as z from 'zod/mini';
import type { OptionKey } from '../../queues/queue.ts';
import { BACKENDS, listSchemes, schemePattern } from '../../queues/registry.ts';
import { absolutePath, legacy, text } from './schema-parts.ts';
import { example, flag, number } from './values.ts';

/** A broker URL in one of the forms that Celery knows. */
export const broker = (description: string) => {
  const schemes = listSchemes({ withAliases: false }).map((name) => `${name}://`);
  const expected = `a URL that starts with ${schemes.slice(0, -1).join(', ')} or ${schemes.at(-1)}`;
  const pattern = new RegExp(`^${schemePattern()}\\S*$`);
  return z.optional(
    text(description, expected, pattern).check(example('redis://localhost:6379/0')),
  );
};

/** The keys of all kinds of broker: which of them count, the URL says. */
export const OPTION_KEYS: Record<string, OptionKey> = Object.fromEntries(
  BACKENDS.flatMap(({ optionKeys }) => Object.entries(optionKeys)),
);

/** What of Celery's own option of the same name matters to us, and what is accepted because people copy it. */
export const transportOptionsSchema = z.strictObject(mapKeys(OPTION_KEYS), {
  error: 'options in braces, such as { "master_name": "mymaster" }',
});

function mapKeys(keys: Record<string, OptionKey>): Record<string, z.ZodMiniOptional> {
  return Object.fromEntries(Object.entries(keys).map(([name, key]) => [name, toSchema(key)]));
}

function toSchema(key: OptionKey): z.ZodMiniOptional {
  switch (key.type) {
    case 'text':
      return z.optional(text(key.description, key.expected, key.pattern));
    case 'flag':
      return z.optional(flag(key.description));
    case 'numbers':
      return z.optional(
        z
          .array(number('a number from 0 to 255', 0, 255), {
            error: 'a list of numbers, such as [0, 3, 6, 9]',
          })
          .check(
            z.minLength(1, { error: 'a list with at least one number' }),
            z.describe(key.description),
          ),
      );
    case 'group':
      return z.optional(
        z
          .strictObject(mapKeys(key.keys), { error: key.expected })
          .check(z.describe(key.description)),
      );
    case 'unused':
      return legacy('Accepted, not used.');
  }
}

const tlsFile = (description: string) =>
  z.optional(absolutePath(description, '/etc/ssl/certs/broker.pem'));

const certReqs = z.optional(
  text(
    'Whether the certificate of the broker is verified. Default: it is.',
    '"required", "optional" or "none", as in Celery',
    /^(CERT_)?(REQUIRED|OPTIONAL|NONE)$/i,
  ),
);

/** Celery's names for Redis begin with `ssl_`, those for RabbitMQ do not: both are taken for both. */
export const sslOptionsSchema = z.strictObject(
  {
    ssl_ca_certs: tlsFile(
      'The CA certificates that the certificate of the broker is verified against.',
    ),
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
