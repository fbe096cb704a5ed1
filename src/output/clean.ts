import { cleanText } from '../model/clean-text.ts';
import { ESC } from '../host/visible.ts';

/** More of one text (an error, a name) is not shown. */
const MOST_LENGTH = 2000;

/** A text that may come from elsewhere, as a line or a cell of a result: clean and cut; our own colours stay. */
export function cleanLine(text: string): string {
  return text
    .split(ESC)
    .map((part) => cleanText(part, MOST_LENGTH))
    .join(ESC);
}

/** A document whose strings, names of keys too, are all clean lines. */
export function cleanStrings<T>(value: T): T {
  return clean(value) as T;
}

function clean(value: unknown): unknown {
  if (typeof value === 'string') return cleanLine(value);
  if (Array.isArray(value)) return value.map(clean);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [cleanLine(key), clean(each)]),
  );
}
