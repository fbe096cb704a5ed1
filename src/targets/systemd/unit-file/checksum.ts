/**
 * A checksum of a text, 16 hexadecimal digits: it tells an edit, and is no protection against anybody. Two FNV-1a hashes
 * of 32 bits with different starts, over UTF-16 units.
 */
export function checksum(text: string): string {
  return [0x811c9dc5, 0x01000193].map((start) => fnv(text, start)).join('');
}

function fnv(text: string, start: number): string {
  let hash = start;
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  return (hash >>> 0).toString(16).padStart(8, '0');
}
