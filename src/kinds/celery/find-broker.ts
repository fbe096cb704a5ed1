import { isBrokerUrl } from '../../queues/is-broker-url.ts';
import { readQueueNames } from '../../model/queue-names.ts';
import { findOption } from '../shared/find-option.ts';

const NAMES = ['CELERY_BROKER_URL', 'BROKER_URL', 'CELERY_BROKER', 'REDIS_URL'];

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
