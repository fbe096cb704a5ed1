import { MOST_LINES, TooMuch } from '../../../../kinds/command/budget.ts';
import { CharsBuilder, charFor, charsOf, spanAt, trim } from '../../../../kinds/command/chars.ts';
import type { Chars } from '../../../../kinds/command/chars.ts';
import type { SourceFile } from '../../../../kinds/command/source.ts';

/** A piece of a logical line, `text[start, end)`; `continued`: a backslash follows that continues it. */
interface Piece {
  start: number;
  end: number;
  continued: boolean;
}

/** `Key=value` of a unit file, with continuation lines and the comments between them. */
export interface Assignment {
  section: string;
  key: string;
  /** from the first character of its first line to the last of its last, line end excluded */
  start: number;
  end: number;
  /** the value, blanks around it excluded, each character with its place; built when asked for */
  value: () => Chars;
}

const LINE_END = /\r\n|\n\r|[\n\r\0]/g;
const COMMENT = /[ \t]*[#;]/y;

/**
 * The assignments of a unit file in order, as systemd reads them (systemd.syntax(7)): comments and
 * lines without `=` are passed over, also between continued lines. Linear in the text. Throws `TooMuch`.
 */
export function parseUnit(file: SourceFile): Assignment[] {
  const found: Assignment[] = [];
  let section = '';
  for (const pieces of logicalLines(file.text)) {
    const line = pieces.map((piece) => file.text.slice(piece.start, piece.end)).join(' ');
    const header = /^\s*\[(.*)\]\s*$/s.exec(line);
    const equals = line.indexOf('=');
    if (header) {
      section = header[1] ?? '';
    } else if (equals > 0 && !line.trimStart().startsWith('[')) {
      if (found.length === MOST_LINES) throw new TooMuch();
      let value: Chars | undefined;
      found.push({
        section,
        key: line.slice(0, equals).trim(),
        start: pieces[0]?.start ?? 0,
        end: pieces.at(-1)?.end ?? 0,
        value: () => (value ??= valueOf(file, pieces, equals + 1)),
      });
    }
  }
  return found;
}

/** Lines with their continuations joined; a comment ends no continuation, an empty line does. */
function* logicalLines(text: string): Generator<Piece[]> {
  let open: Piece[] = [];
  for (const { start, end } of physicalLines(text)) {
    COMMENT.lastIndex = start;
    if (COMMENT.test(text)) continue;
    const continued = endsInBackslash(text, start, end);
    open.push({ start, end: continued ? end - 1 : end, continued });
    if (open.length > MOST_LINES) throw new TooMuch();
    if (continued) continue;
    yield open;
    open = [];
  }
  if (open.length > 0) yield open;
}

function* physicalLines(text: string): Generator<{ start: number; end: number }> {
  let start = text.startsWith('\uFEFF') ? 1 : 0;
  for (const match of text.matchAll(LINE_END)) {
    yield { start, end: Math.max(start, match.index) };
    start = match.index + match[0].length;
  }
  if (start < text.length) yield { start, end: text.length };
}

/** An odd number of backslashes; an even number is half as many escaped ones. */
function endsInBackslash(text: string, start: number, end: number): boolean {
  let at = end;
  while (at > start && text.charAt(at - 1) === '\\') at--;
  return (end - at) % 2 === 1;
}

function valueOf(file: SourceFile, pieces: Piece[], skip: number): Chars {
  const value = new CharsBuilder();
  let left = skip;
  for (const { start, end, continued } of pieces) {
    const from = Math.min(end, start + left);
    left -= from - start;
    value.add(charsOf(file, from, end));
    if (!continued) continue;
    if (left > 0) left--;
    else {
      const backslash = spanAt(charsOf(file, end, end + 1), 0);
      value.add(charFor(' ', backslash, backslash, true));
    }
  }
  return trim(value);
}
