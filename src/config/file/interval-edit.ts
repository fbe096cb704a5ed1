import { applySplices } from '../../model/splice.ts';
import { nodeAt, type Document } from './document.ts';

/** The text of a config with another `check_interval_seconds`, and every other byte as it was; null: it has no such key. */
export function editInterval(document: Document, seconds: number): string | null {
  const value = nodeAt(document, ['global', 'check_interval_seconds']);
  if (value === undefined) return null;
  return applySplices(document.text, [
    { start: value.offset, end: value.offset + value.length, insert: String(seconds) },
  ]);
}
