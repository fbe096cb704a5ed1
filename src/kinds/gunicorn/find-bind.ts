import { findOption } from '../shared/find-option.ts';

/** Where a Gunicorn listens by its command line; null: it does not say. */
export function findBind(words: readonly string[]): string | null {
  return findOption(words, '-b', '--bind');
}
