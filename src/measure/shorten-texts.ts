import { cleanText } from '../model/clean-text.ts';
import type { Sample } from '../model/types.ts';

/** As long as a refusal; see `readUnit`. */
const LONGEST_TEXT = 500;

/** Names, paths and answers of others are part of what is said of faults. */
export function shortenTexts({ host, services }: Sample): void {
  for (const part of [host, ...Object.values(services)]) {
    for (const [key, { code, text }] of Object.entries(part.errors ?? {})) {
      part.errors![key] = { code, text: cleanText(text, LONGEST_TEXT) };
    }
    const notes = 'notes' in part ? part.notes : undefined;
    for (const key in notes) notes[key] = cleanText(notes[key]!, LONGEST_TEXT);
  }
}
