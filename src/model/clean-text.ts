/** Text of which nothing is to be cleaned: Latin letters, and the signs that our own sentences and tables are made of. */
export const PLAIN = /^[ -~\u00a1-\u00ac\u00ae-\u024f\u2010-\u2027\u2190-\u2193\u2500-\u259f]*$/;

/** A string command of a terminal (title, link, …) with its end. One without an end hides nothing: only its start is removed. */
const STRING_COMMAND = String.raw`(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x00-\x1f\x7f-\x9f]{0,4096}(?:\x07|\x1b\\|\x9c)`;
/** A colour, a cursor movement; then all other escapes. */
const COMMAND = String.raw`(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?|\x1b[ -/]*[0-~]`;
const LINE_BREAK = String.raw`[\t-\r\x85\u2028\u2029]+`;
const INVISIBLE = String.raw`[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]`;
const LONE_SURROGATE = String.raw`\p{Cs}`;

/** One pass: what is left when a match is gone must not join to a new one. */
const UNCLEAN = `(${LINE_BREAK})|(${LONE_SURROGATE})|${STRING_COMMAND}|${COMMAND}|${INVISIBLE}`;
let unclean: RegExp | null = null;

/**
 * A foreign text as one line that can be shown: without control characters, terminal commands, and characters
 * that are invisible or turn the direction of writing; a line break or tab is a blank. At most `maxLength`
 * UTF-16 units, the last of which is "…" where it was cut. Linear time; what follows the cut is not looked at.
 */
export function cleanText(text: string, maxLength = 200): string {
  if (text.length <= maxLength && PLAIN.test(text)) return text;
  // most calls need it for no text, and to compile Unicode's classes takes as long as a tenth of Node's own start
  unclean ??= new RegExp(UNCLEAN, 'gu');
  let clean = '';
  let from = 0;
  for (const match of text.matchAll(unclean)) {
    const [found, lineBreak, surrogate] = match;
    clean += text.slice(from, match.index);
    if (lineBreak !== undefined) clean += ' ';
    if (surrogate !== undefined) clean += '\ufffd';
    from = match.index + found.length;
    if (clean.length > maxLength) break;
  }
  clean += text.slice(from);
  if (clean.length <= maxLength) return clean;
  return `${clean.slice(0, Math.max(maxLength - 1, 0)).replace(/[\ud800-\udbff]$/, '')}…`;
}
