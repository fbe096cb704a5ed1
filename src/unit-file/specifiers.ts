import { CharsBuilder, OPAQUE, charFor, spanAt } from './chars.ts';
import type { Word } from './chars.ts';

/** Specifiers of the system manager that are the same on every host. */
const FOLDERS: Record<string, string> = {
  t: '/run',
  S: '/var/lib',
  C: '/var/cache',
  L: '/var/log',
  E: '/etc',
  T: '/tmp',
  V: '/var/tmp',
  h: '/root',
  u: 'root',
  '%': '%',
};

/** A unit's name in parts: `web@shop.service` has the prefix `web` and the instance `shop`. */
export function splitUnitName(unit: string): { prefix: string; instance: string | null } {
  const stem = unit.replace(/\.[^.]*$/, '');
  const at = stem.indexOf('@');
  return at < 0
    ? { prefix: stem, instance: null }
    : { prefix: stem.slice(0, at), instance: stem.slice(at + 1) };
}

/** The word with its `%` specifiers replaced (systemd.unit(5)); those not known here become opaque. */
export function expandSpecifiers(word: Word, unit: string): Word {
  if (!word.text.includes('%')) return word;
  const out = new CharsBuilder();
  for (let at = 0; at < word.text.length; at++) {
    if (word.text.charAt(at) !== '%' || at + 1 >= word.text.length) {
      out.take(word, at);
      continue;
    }
    const value = specifier(word.text.charAt(at + 1), unit);
    out.add(charFor(value, spanAt(word, at), spanAt(word, at + 1), true));
    at++;
  }
  return { ...word, text: out.text, runs: out.runs };
}

function specifier(letter: string, unit: string): string {
  const { prefix, instance } = splitUnitName(unit);
  const plain = (escaped: string): string =>
    escaped.includes('\\') ? OPAQUE : escaped.replaceAll('-', '/');
  switch (letter) {
    case 'n':
      return unit;
    case 'N':
      return unit.replace(/\.[^.]*$/, '');
    case 'p':
      return prefix;
    case 'P':
      return plain(prefix);
    case 'i':
      return instance ?? '';
    case 'I':
      return plain(instance ?? '');
    default:
      return FOLDERS[letter] ?? OPAQUE;
  }
}
