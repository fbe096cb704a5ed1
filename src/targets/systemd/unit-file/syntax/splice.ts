import type { Splice } from './types.ts';

/** The text with the splices of its file carried out; they must not overlap. Everything else stays. */
export function applySplices(text: string, splices: Splice[]): string {
  let result = text;
  for (const { start, end, insert } of splices.toSorted((a, b) => b.start - a.start))
    result = result.slice(0, start) + insert + result.slice(end);
  return result;
}
