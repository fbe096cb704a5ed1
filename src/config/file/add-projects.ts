import { createScanner } from 'jsonc-parser';
import { applySplices } from '../../model/splice.ts';
import { nodeAt, type Document } from './document.ts';

/**
 * The text of a config with further projects behind those that it has, and every other byte as it was: comments stay
 * with what they stand at, and a comma behind the last project stays a habit. `blocks`: the lines of each new project,
 * inner ones two blanks in, no comma behind the last. For a config without faults.
 */
export function addProjects(document: Document, blocks: readonly (readonly string[])[]): string {
  const { text } = document;
  const projects = nodeAt(document, ['projects']);
  if (projects === undefined || blocks.length === 0) return text;
  const close = projects.offset + projects.length - 1;
  const last = projects.children?.at(-1);
  const end = last === undefined ? projects.offset + 1 : last.offset + last.length;
  const { comma, at, isSameLine } = findPlace(text, end, close, last !== undefined);
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const outer = indentAt(text, projects.offset);
  const indent = (last === undefined ? null : ownIndent(text, last.offset)) ?? `${outer}  `;
  const added = blocks
    .map((lines) => lines.map((line) => indent + inner(line, indent)).join(eol))
    .join(`,${eol}`);
  const hasComma = last === undefined || comma !== null;
  const behind = comma === null ? '' : ',';
  const closing = isSameLine ? `${eol}${outer}` : '';
  const lines = { start: at, end: at, insert: `${eol}${added}${behind}${closing}` };
  return applySplices(text, hasComma ? [lines] : [lines, { start: end, end, insert: ',' }]);
}

/** jsonc-parser's `SyntaxKind`, which is not there at run time. */
const KIND = { comma: 5, lineBreak: 14, blanks: 15, end: 17 } as const;

/**
 * Where new lines go: at the end of the line of the last project, behind its comma and comments. `isSameLine`: the
 * closing brace stands there too.
 */
function findPlace(
  text: string,
  end: number,
  close: number,
  hasLast: boolean,
): { comma: number | null; at: number; isSameLine: boolean } {
  const scanner = createScanner(text.slice(end, close));
  let comma: number | null = null;
  let at = end;
  let hasBroken = false;
  for (let kind: number = scanner.scan(); kind !== KIND.end; kind = scanner.scan()) {
    const from = end + scanner.getTokenOffset();
    const to = from + scanner.getTokenLength();
    if (kind === KIND.comma) {
      comma = from;
      // a comma on a line of its own
      [at, hasBroken] = [to, false];
    } else if (kind === KIND.lineBreak) hasBroken = true;
    // an empty object has its comments before all that is added
    else if (kind !== KIND.blanks && (!hasBroken || !hasLast)) [at, hasBroken] = [to, false];
  }
  return { comma, at, isSameLine: !/[\r\n]/.test(text.slice(at, close)) };
}

/** The blanks before what stands first on its line; null: something stands before it. */
function ownIndent(text: string, offset: number): string | null {
  const line = text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset);
  return /^[ \t]*$/.test(line) ? line : null;
}

/** The blanks at the start of the line of a place. */
function indentAt(text: string, offset: number): string {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  return /^[ \t]*/.exec(text.slice(start, offset))?.[0] ?? '';
}

/** Inner lines as the file has them: with tabs where it has tabs. */
function inner(line: string, indent: string): string {
  return indent.includes('\t') ? line.replace(/^ {2}/, '\t') : line;
}
