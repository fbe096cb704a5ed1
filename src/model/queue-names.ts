import { cleanText } from './clean-text.ts';

/** As in AMQP. */
const MOST_CHARS = 255;
/** A worker has a few; whoever may write to the broker can answer in its place. */
const MOST_NAMES = 100;

/** Each name of a queue that can be shown and written, once; what is none is left out. */
export function readQueueNames(given: readonly unknown[]): string[] {
  const isName = (name: unknown): name is string =>
    typeof name === 'string' && name !== '' && cleanText(name, MOST_CHARS) === name;
  return [...new Set(given.slice(0, MOST_NAMES).filter(isName))];
}
