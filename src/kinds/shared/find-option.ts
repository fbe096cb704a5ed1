/**
 * The value of an option, in a word of its own or attached; null: it is not there. `celery multi` has it for a node too
 * (`-Q:w1 high`), of which we take services with one alone.
 */
export function findOption(words: readonly string[], short: string, long: string): string | null {
  for (const [index, written] of words.entries()) {
    const word = written.replace(/^(--?[\w-]+):[^=]*/, '$1');
    if (word === short || word === long) return words[index + 1] ?? null;
    if (word.startsWith(`${long}=`)) return word.slice(long.length + 1);
    if (word.startsWith(short) && word.length > 2) return word.slice(2).replace(/^=/, '');
  }
  return null;
}
