import { cleanText } from '../../model/clean-text.ts';
import { schemePattern } from '../../queues/registry.ts';
import { readQueueNames } from '../../model/queue-names.ts';
import { findOption } from '../shared/find-option.ts';

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
