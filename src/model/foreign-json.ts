/** What of a foreign text is parsed: parsed it takes some thirty times as much memory. */
const MOST_CHARS = 262_144;

/** A foreign JSON text; null: it is none, or too large to be parsed. */
export function parseJson(text: unknown): unknown {
  if (typeof text !== 'string' || text.length > MOST_CHARS) return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** What of a parsed text can be asked for keys; of all else an empty object. */
export function asObject(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
