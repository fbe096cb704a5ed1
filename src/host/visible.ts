import { randomText } from '../host/random.ts';

/**
 * Stands for the escape character in what we write ourselves, until it leaves the process. Nobody else can know it, so
 * no text from elsewhere can colour, move or hide anything, whatever it holds.
 */
export const ESC = `\0${randomText()}\0`;

/** A colour of our own, which takes no column. */
export const PAINT = new RegExp(`${ESC}\\[[\\d;]*m`, 'g');

/** Text that needs no second look: Latin letters, and the signs that our own tables are made of. */
const PLAIN = /^[\t\n -~\u00a1-\u00ac\u00ae-\u024f\u2010-\u2027\u2190-\u2193\u2500-\u259f]*$/;

/**
 * A text as it may be written to a terminal, a pipe or a log: what a terminal would obey or hide is shown as `\u001b`. In a
 * JSON document, where it can stand in strings alone, that is the very same string to a parser. Only our own `ESC` escapes.
 */
export function makeVisible(text: string): string {
  if (PLAIN.test(text)) return text;
  return text.split(ESC).map(spellOutHidden).join('\x1b');
}

/** Controls (C0, DEL, C1), what turns the direction of writing, what is invisible; a carriage return that ends no line. */
function spellOutHidden(text: string): string {
  // compiled where it is asked for: see `cleanText`
  return text.replace(/[\0-\x08\v\f\x0e-\x1f\x7f-\x9f\p{Cf}\u2028\u2029]|\r(?!\n)/gu, spellOut);
}

function spellOut(char: string): string {
  return Array.from(
    { length: char.length },
    (_, index) => `\\u${char.charCodeAt(index).toString(16).padStart(4, '0')}`,
  ).join('');
}
