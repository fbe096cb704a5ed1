/** What a foreign text may hold, each by what it would do on a terminal. */
export const HOSTILE: [name: string, text: string][] = [
  ['a colour', '\x1b[41;5mALARM'],
  ['the clipboard (OSC 52)', '\x1b]52;c;Y3VybCBldmlsIHwgc2g=\x07'],
  ['the title of the window', '\x1b]0;owned\x1b\\'],
  ['a screen that is cleared (CSI)', '\x1b[2J\x1b[H'],
  ['the same by one character (C1)', '\x9b2J\x9d0;owned\x9c'],
  ['an order to answer', '\x1b[6n\x1b[c\x05'],
  ['what was written before', 'x\x08\x08\x7f\r\x0b\x0c'],
  ['another direction of writing', '\u202egnp.exe\u2066\u200f'],
  ['what is not seen', '\u200b\u2060\ufeff\u{e0041}'],
  ['a line that looks like one of ours', 'x\nautoscaler: all is well\r\nshop  4\u2028x\x85x'],
  ['half a character', '\ud83d \udc41'],
  ['NUL, and what our own escape looks like', `\0${'0'.repeat(24)}\0[31mred`],
  ['5 MB', 'x'.repeat(5 * 2 ** 20)],
  ['5 MB of lines', '\n'.repeat(5 * 2 ** 20)],
  ['1 MB of escapes', '\x1b['.repeat(2 ** 19)],
];

/** All of it in one text. */
export const ALL_HOSTILE = HOSTILE.map(([, text]) => text.slice(0, 1000)).join('');

/** Controls but a line break and a tab, what turns the direction of writing, what is not seen. */
export const CONTROLS = /[\0-\x08\x0b-\x1f\x7f-\x9f\p{Cf}\u2028\u2029\p{Cs}]/u;

/** A copy of the document for each string in it, with another text in its place; the keys of `fixed` stay as they are. */
export function* replaceEach<T>(
  document: T,
  text: string,
  fixed: readonly string[] = [],
): Generator<{ path: string; changed: T }> {
  for (const path of listPaths(document, fixed)) {
    const changed = structuredClone(document);
    let at = changed as Record<string, unknown>;
    for (const key of path.slice(0, -1)) at = at[key] as Record<string, unknown>;
    at[path.at(-1)!] = text;
    yield { path: path.join('.'), changed };
  }
}

function listPaths(value: unknown, fixed: readonly string[]): string[][] {
  if (typeof value === 'string') return [[]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value)
    .filter(([key]) => !fixed.includes(key))
    .flatMap(([key, each]) => listPaths(each, fixed).map((path) => [key, ...path]));
}
