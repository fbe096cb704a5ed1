import { cleanLine } from '../../output/clean.ts';

/** A text as it may stand in HTML, between tags and in quoted attributes; a clean line. */
export function escapeHtml(text: string): string {
  return cleanLine(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
