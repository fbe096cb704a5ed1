import {
  findNodeAtLocation,
  getNodeValue,
  parseTree,
  type Node,
  type ParseError,
} from 'jsonc-parser';
import { formatKey, type Fault, type KeyPath } from './fault.ts';

/** The text of a config, parsed: JSON with comments and trailing commas. */
export interface Document {
  file: string;
  text: string;
  /** undefined: there is no value at all */
  root: Node | undefined;
  syntaxErrors: ParseError[];
  /** offsets at which lines start */
  lineStarts: number[];
}

/** What is wrong, wherever it is. */
export type What = Pick<Fault, 'found' | 'expected' | 'hint'>;

/** What is wrong at a path. */
export interface Finding extends What {
  path: KeyPath;
}

const BYTE_ORDER_MARK = '\uFEFF';

/** Parses the text of `file`; a byte order mark is no part of it. Throws RangeError where brackets are nested absurdly deep. */
export function parseDocument(file: string, text: string): Document {
  const syntaxErrors: ParseError[] = [];
  // a blank in its place keeps the offsets
  const json = text.startsWith(BYTE_ORDER_MARK) ? ` ${text.slice(1)}` : text;
  const root = parseTree(json, syntaxErrors, { allowTrailingComma: true });
  const lineStarts = [0, ...Array.from(text.matchAll(/\n/g), ({ index }) => index + 1)];
  return { file, text, root, syntaxErrors, lineStarts };
}

/** The value, created again at each call. */
export function readValue({ root }: Document): unknown {
  return root && (getNodeValue(root) as unknown);
}

/** A finding with the place of its value or key; where that does not exist, of the key above it. */
export function locate(document: Document, finding: Finding, at: 'key' | 'value' = 'value'): Fault {
  const { path, found, expected, hint } = finding;
  return faultAt(document, offsetOf(document, path, at), formatKey(path), {
    found,
    expected,
    hint,
  });
}

/** A fault at an offset of the text. */
export function faultAt(document: Document, offset: number, key: string, what: What): Fault {
  return { file: document.file, ...positionOf(document, offset), key, ...what };
}

/** The node at a path; undefined: there is none. */
export function nodeAt({ root }: Document, path: KeyPath): Node | undefined {
  return root && findNodeAtLocation(root, [...path]);
}

/**
 * Keys that the value does not show: one that stands twice in an object (JSON silently takes the
 * last), and `__proto__` (which would become no key but the object's prototype).
 */
export function findHiddenKeys(document: Document): Fault[] {
  const faults: Fault[] = [];
  const visit = (node: Node, path: KeyPath): void => {
    const offsets = new Map<string, number>();
    (node.children ?? []).forEach((child, index) => {
      if (child.type !== 'property') return visit(child, [...path, index]);
      const [keyNode, valueNode] = child.children ?? [];
      const key = String(keyNode?.value);
      const inner = [...path, key];
      const what = hiddenBy(document, key, offsets.get(key));
      if (what !== null) faults.push(faultAt(document, child.offset, formatKey(inner), what));
      else offsets.set(key, child.offset);
      if (valueNode) visit(valueNode, inner);
    });
  };
  if (document.root) visit(document.root, []);
  return faults;
}

function hiddenBy(document: Document, key: string, earlier: number | undefined): What | null {
  if (key === '__proto__') return { found: 'unknown key', expected: null, hint: null };
  if (earlier === undefined) return null;
  const found = `the key appears twice (first on line ${positionOf(document, earlier).line})`;
  return { found, expected: null, hint: 'remove one of the two' };
}

function offsetOf(document: Document, path: KeyPath, at: 'key' | 'value'): number {
  const node = nodeAt(document, path);
  if (node === undefined)
    return path.length === 0 ? 0 : offsetOf(document, path.slice(0, -1), 'key');
  const property = node.parent?.type === 'property' ? node.parent : undefined;
  return (at === 'key' ? property : undefined)?.offset ?? node.offset;
}

function positionOf(
  { text, lineStarts }: Document,
  offset: number,
): { line: number; column: number } {
  const line = findLine(lineStarts, offset);
  // editors do not count the byte order mark
  const mark = line === 0 && offset > 0 && text.startsWith(BYTE_ORDER_MARK) ? 1 : 0;
  return { line: line + 1, column: offset - (lineStarts[line] ?? 0) + 1 - mark };
}

/** The last line that starts at or before an offset; there are as many faults as lines, at worst. */
function findLine(lineStarts: readonly number[], offset: number): number {
  let low = 0;
  let high = lineStarts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((lineStarts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}
