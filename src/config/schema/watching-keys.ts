import * as z from 'zod/mini';
import { text } from './schema-parts.ts';
import { example } from './values.ts';

const onEvent = () => {
  const expected = 'a command, as a line for /bin/sh or a list of words';
  const word = z.string({ error: expected }).check(z.regex(/^[^\0]+$/, { error: expected }));
  return z
    .union([word, z.array(word, { error: expected }).check(z.minLength(1, { error: expected }))], {
      error: expected,
    })
    .check(
      z.describe(
        'A command that is run after each change, for 10 s at most, with the event as JSON on its standard input: a line for /bin/sh, or a list of words. See monitoring.md.',
      ),
      example('curl -fsS --json @- https://chat.example/hook'),
    );
};

/** The keys of `global` by which others learn what is measured and done. */
export const WATCHING_KEYS = {
  textfile: z.optional(
    text(
      "Metrics for Prometheus, written by each run: a file in the folder of node_exporter's textfile collector. See monitoring.md.",
      'an absolute path that ends in .prom, such as "/var/lib/prometheus/node-exporter/autoscaler.prom"',
      /^\/[^\0]*\.prom$/,
    ).check(example('/var/lib/prometheus/node-exporter/autoscaler.prom')),
  ),
  on_event: z.optional(onEvent()),
  on_event_user: z.optional(
    text(
      'The user that runs on_event. Default: root.',
      'the name of a user',
      /^[A-Za-z0-9_.][A-Za-z0-9_.@-]*$/,
    ).check(example('nobody')),
  ),
};
