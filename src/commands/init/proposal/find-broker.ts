import { cleanText } from '../../../model/clean-text.ts';
import { schemePattern } from '../../../queues/registry.ts';
import { readQueueNames } from '../../../model/queue-names.ts';

const NAMES = ['CELERY_BROKER_URL', 'BROKER_URL', 'CELERY_BROKER', 'REDIS_URL'];
const MOST_URL = 2000;
const URL = new RegExp(`^${schemePattern()}\\S+$`);

/**
 * Where a Celery worker's broker is: its `-b`, else a variable of its environment that usually says so; null: it
 * is not told there.
 */
export function findBroker(
  words: readonly string[],
  variables: ReadonlyMap<string, string>,
): string | null {
  const given = findOption(words, '-b', '--broker');
  if (given !== null && isBrokerUrl(given)) return given;
  const others = [...variables.keys()].filter((name) => /_BROKER_URL$/.test(name)).sort();
  for (const name of [...NAMES, ...others]) {
    const value = variables.get(name);
    if (value !== undefined && isBrokerUrl(value)) return value;
  }
  return null;
}

/** Whether a text looks like the URL of a broker; what is told by a process goes into root's config, so it may be no more than that. */
export function isBrokerUrl(text: string): boolean {
  return isPlain(text, MOST_URL) && URL.test(text);
}

function isPlain(text: string, mostLength: number): boolean {
  return cleanText(text, mostLength) === text;
}

/**
 * The queues that a Celery worker takes tasks from by its `-Q`, without those of its `-X`; null: these do not tell, so
 * that its app decides (`task_queues`, `task_default_queue`).
 */
export function findQueues(words: readonly string[]): string[] | null {
  const given = splitNames(findOption(words, '-Q', '--queues'));
  const without = splitNames(findOption(words, '-X', '--exclude-queues'));
  const names = given.filter((name) => !without.includes(name));
  return names.length > 0 ? names : null;
}

function splitNames(given: string | null): string[] {
  return readQueueNames((given ?? '').split(','));
}

/** Where a Gunicorn listens by its command line; null: it is not told there. */
export function findBind(words: readonly string[]): string | null {
  return findOption(words, '-b', '--bind');
}

/**
 * The value of an option, in a word of its own or attached; null: it is not there. `celery multi` has it for a node too
 * (`-Q:w1 high`), of which we take services with one alone.
 */
function findOption(words: readonly string[], short: string, long: string): string | null {
  for (const [index, written] of words.entries()) {
    const word = written.replace(/^(--?[\w-]+):[^=]*/, '$1');
    if (word === short || word === long) return words[index + 1] ?? null;
    if (word.startsWith(`${long}=`)) return word.slice(long.length + 1);
    if (word.startsWith(short) && word.length > 2) return word.slice(2).replace(/^=/, '');
  }
  return null;
}
