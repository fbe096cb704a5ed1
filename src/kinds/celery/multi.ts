import { OPAQUE, slice } from '../command/chars.ts';
import type { Word } from '../command/chars.ts';
import { celeryWorkerOptions } from './options.ts';
import type { Parsed } from '../command/options.ts';
import type { Context } from '../command/program.ts';
import { problemAt } from '../command/reading.ts';
import type { Problem } from '../command/reading.ts';
import { shownText } from '../command/shown.ts';

/**
 * `celery multi start NODES OPTIONS` reads options in its own way: a long one has its value attached, a
 * short one takes the next word unless that looks like an option, and `-c:w1` is for one node alone.
 */
export function parseMulti(
  words: Word[],
  factsOf: Context['factsOf'],
): Parsed & { problem: Problem | null } {
  const parsed: Parsed = {
    options: [],
    positionals: [],
    end: words.length,
    opaqueAt: -1,
    ambiguous: null,
  };
  const table = celeryWorkerOptions();
  let problem: Problem | null = null;
  for (let at = 0; at < words.length; at++) {
    const word = words[at];
    if (!word) break;
    const index = at;
    if (word.text === '--') {
      parsed.end = at;
      break;
    }
    if (/^(?:--nosplash|--quiet|-q|--verbose|--no-color)$/.test(word.text)) continue;
    if (!word.text.startsWith('-') || word.text === '-') {
      if (word.text.startsWith(OPAQUE)) parsed.opaqueAt = at;
      if (word.text !== '') parsed.positionals.push(word);
      continue;
    }
    const [, flag = '', node, attached] = /^(--?[^:=]*)(:[^=]*)?(=[^]*)?$/.exec(word.text) ?? [];
    let value = attached === undefined ? null : slice(word, word.text.length - attached.length + 1);
    const next = words[at + 1];
    if (!flag.startsWith('--') && next && !next.text.startsWith('-')) {
      value = next;
      at++;
    }
    const short = flag.startsWith('--') ? flag : flag.slice(0, 2);
    const name = table.values[short] ?? table.flags[short] ?? short;
    if (flag !== short) value = slice(word, 2);
    if (name === 'concurrency' && node !== undefined) problem ??= perNode(word, factsOf);
    if (name === 'concurrency' && flag === '--concurrency' && !attached) problem ??= detached(word);
    parsed.options.push({ name, flag: short, value, index });
  }
  const forms = new Set(parsed.options.filter((o) => o.name === 'concurrency').map((o) => o.flag));
  const nodes = parsed.positionals;
  if (forms.size > 1) problem ??= twoForms(nodes[0]);
  const many = nodes.length > 1 || (Number(nodes[0]?.text) || 1) > 1;
  if (many) problem ??= severalNodes(nodes, factsOf);
  return { ...parsed, problem };
}

/** Of the names of nodes; a message is not longer than these are. */
const MOST_NAMED = 50;

const ONE_NODE = 'give each worker a unit of its own, or one --concurrency=N for the only node';

function perNode(word: Word, factsOf: Context['factsOf']): Problem {
  return problemAt(
    word,
    'ambiguous',
    `"${shownText(word, factsOf)}" sets the concurrency of one node alone`,
    ONE_NODE,
  );
}

function detached(word: Word): Problem {
  const message = 'celery multi takes the word after "--concurrency" for a node';
  return problemAt(word, 'ambiguous', message, 'write --concurrency=N');
}

function twoForms(word: Word | undefined): Problem {
  const message = 'celery multi gets the concurrency in two forms, -c and --concurrency';
  return problemAt(word, 'ambiguous', message, 'keep one of them');
}

function severalNodes(nodes: Word[], factsOf: Context['factsOf']): Problem {
  const names = nodes.slice(0, MOST_NAMED).map((node) => shownText(node, factsOf));
  const more = nodes.length > MOST_NAMED ? ' …' : '';
  const message = `celery multi starts several nodes (${names.join(' ')}${more})`;
  return problemAt(nodes[0], 'ambiguous', message, ONE_NODE);
}
