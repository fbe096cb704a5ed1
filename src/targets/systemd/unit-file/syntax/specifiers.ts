import type { Budget } from '../../../../kinds/command/budget.ts';
import { CharsBuilder, OPAQUE, charFor, spanAt } from '../../../../kinds/command/chars.ts';
import type { Word } from '../../../../kinds/command/chars.ts';

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

/** The word with its `%` specifiers replaced (systemd.unit(5)); those not known here become opaque. Throws `TooMuch`. */
export function expandSpecifiers(word: Word, unit: string, budget: Budget): Word {
  if (!word.text.includes('%')) return word;
  const out = new CharsBuilder();
  let at = 0;
  for (;;) {
    const percent = word.text.indexOf('%', at);
    if (percent < 0 || percent + 1 >= word.text.length) break;
    out.take(word, at, percent);
    const value = specifier(word.text.charAt(percent + 1), unit);
    budget.spend(value.length);
    out.add(charFor(value, spanAt(word, percent), spanAt(word, percent + 1), true));
    at = percent + 2;
  }
  out.take(word, at, word.text.length);
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
