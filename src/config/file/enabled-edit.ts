import { applySplices } from '../../model/splice.ts';
import { nodeAt, type Document } from './document.ts';

/**
 * The text of a config with one project enabled or disabled, and every other byte as it was. For a project that
 * the document has. A key that is missing becomes the first one of the project, in the way that it is laid out.
 */
export function editEnabled(document: Document, project: string, enabled: boolean): string {
  const { text } = document;
  const value = nodeAt(document, ['projects', project, 'enabled']);
  if (value !== undefined) {
    return applySplices(text, [
      { start: value.offset, end: value.offset + value.length, insert: String(enabled) },
    ]);
  }
  const first = nodeAt(document, ['projects', project])?.children?.[0];
  if (first === undefined) throw new Error(`${project}: no project with keys`);
  const before = text.slice(0, first.offset);
  // on a line of its own: so is the new one
  const layout = /(\r?\n)([ \t]*)$/.exec(before)?.[0] ?? ' ';
  return applySplices(text, [
    { start: first.offset, end: first.offset, insert: `"enabled": ${String(enabled)},${layout}` },
  ]);
}
