/** AMQP does not allow names longer than this. */
const MOST_CHARS = 255;

/**
 * Whether a routing key matches a binding key with wildcards: `#` is any text, `*` any text that is not empty and does not
 * end with a dot. kombu stores a regular expression for that beside the key (its TopicExchange); one that a stranger may
 * have written is never run, as it may take for ever. Here a wildcard matches as little as it can, without backtracking.
 */
export function matchesTopic(bound: string, routingKey: string): boolean {
  if (bound.length > MOST_CHARS || routingKey.length > MOST_CHARS) return false;
  const { literals, wildcards } = splitTopic(bound);
  const [first = '', ...others] = literals;
  const last = others.pop();
  if (last === undefined) return first === routingKey;
  if (!routingKey.startsWith(first)) return false;
  let at = first.length;
  const fits = (wildcard: string | undefined, end: number): boolean =>
    end >= at && (wildcard === '#' || (end > at && routingKey[end - 1] !== '.'));
  for (const [index, literal] of others.entries()) {
    let end = routingKey.indexOf(literal, at);
    while (end >= 0 && !fits(wildcards[index], end)) end = routingKey.indexOf(literal, end + 1);
    if (end < 0) return false;
    at = end + literal.length;
  }
  return routingKey.endsWith(last) && fits(wildcards.at(-1), routingKey.length - last.length);
}

/** The texts before, between and after the wildcards, dots included. */
function splitTopic(bound: string): { literals: string[]; wildcards: string[] } {
  const literals = [''];
  const wildcards: string[] = [];
  for (const [index, word] of bound.split('.').entries()) {
    if (index > 0) literals[literals.length - 1] += '.';
    if (word === '#' || word === '*') {
      wildcards.push(word);
      literals.push('');
    } else {
      literals[literals.length - 1] += word;
    }
  }
  return { literals, wildcards };
}
