import { isUtf8 } from 'node:buffer';

/** A byte that is no part of UTF-8, as Python's `surrogateescape` has it: no valid text decodes to half a pair. */
const ESCAPED = /[\uDC80-\uDCFF]+/gu;

/**
 * A file as text, whatever its bytes: UTF-8, and each byte that is none (a comment in Latin-1) as U+DC80 to U+DCFF, so that
 * `encodeText` gives the very same bytes. Linear.
 */
export function decodeText(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  // 16 bits for each unit, of which no byte takes more than one
  const units = Buffer.alloc(bytes.length * 2);
  let length = 0;
  for (let at = 0; at < bytes.length;) {
    const size = sizeOfCharacter(bytes, at);
    const first = bytes[at] ?? 0;
    if (size < 2) {
      length = units.writeUInt16LE(size === 0 ? 0xdc00 + first : first, length);
      at++;
    } else {
      length += units.write(bytes.toString('utf8', at, at + size), length, 'utf16le');
      at += size;
    }
  }
  return units.toString('utf16le', 0, length);
}

/** The bytes that `decodeText` made a text of, with what was edited in it. */
export function encodeText(text: string): Buffer {
  const parts: Buffer[] = [];
  let from = 0;
  for (const { 0: escaped, index } of text.matchAll(ESCAPED)) {
    parts.push(Buffer.from(text.slice(from, index), 'utf8'));
    // the low half of each unit
    parts.push(Buffer.from(escaped, 'latin1'));
    from = index + escaped.length;
  }
  parts.push(Buffer.from(text.slice(from), 'utf8'));
  return Buffer.concat(parts);
}

/** Bytes of the character at `at`, by table 3-7 of the Unicode standard; 0: there is none. */
function sizeOfCharacter(bytes: Buffer, at: number): number {
  const first = bytes[at] ?? 0;
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  const size = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  const lowest = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const highest = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  const second = bytes[at + 1] ?? 0;
  if (second < lowest || second > highest) return 0;
  for (let next = at + 2; next < at + size; next++) {
    if (((bytes[next] ?? 0) & 0xc0) !== 0x80) return 0;
  }
  return size;
}
