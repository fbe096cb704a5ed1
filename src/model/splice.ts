/** Replace text[start, end) by `insert`; offsets count UTF-16 units of the text as read. */
export interface Splice {
  start: number;
  end: number;
  insert: string;
}

/** The text with the splices carried out; they must not overlap. Everything else stays. */
export function applySplices(text: string, splices: readonly Splice[]): string {
  let result = text;
  for (const { start, end, insert } of splices.toSorted((a, b) => b.start - a.start))
    result = result.slice(0, start) + insert + result.slice(end);
  return result;
}
