import { fstatSync, readSync } from 'node:fs';

const BLOCK_BYTES = 64 * 1024;

/** No entry is anywhere near it: a longer line is damage, and what is before it is not looked for. */
const MAX_LINE_BYTES = 1024 * 1024;

const LINE_FEED = 0x0a;

/**
 * Takes a line, without its line feed, and where it starts; the bytes are its own only during the call. `complete`
 * false: the line has no line feed at its end, or no end in sight. Answers whether it wants the line before it too.
 */
export type TakeLine = (bytes: Buffer, offset: number, complete: boolean) => boolean;

/** Hands over the lines of an open file from the last to the first, read in blocks from its end; empty ones left out. */
export function readLinesBackwards(fd: number, take: TakeLine): void {
  let start = fstatSync(fd).size;
  let complete = false;
  // one place for all blocks: a fresh one each would be given back only by a collection of garbage
  let buffer: Buffer = Buffer.allocUnsafe(Math.min(start, 2 * BLOCK_BYTES));
  let end = 0;
  while (start > 0) {
    const size = Math.min(BLOCK_BYTES, start);
    start -= size;
    // the beginning of a line whose end is known goes behind what is before it
    buffer = withRoom(buffer, end, size);
    // shorter where somebody else cuts the file right now
    const got = readSync(fd, buffer, 0, size, start);
    buffer.copyWithin(got, size, size + end);
    end += got;
    // lastIndexOf would take -1 for the last byte
    while (end > 0) {
      const at = buffer.lastIndexOf(LINE_FEED, end - 1);
      if (at === -1) break;
      const isEmpty = at + 1 === end;
      if (!isEmpty && !take(buffer.subarray(at + 1, end), start + at + 1, complete)) return;
      complete = true;
      end = at;
    }
    if (end > MAX_LINE_BYTES) {
      take(Buffer.alloc(0), start, false);
      return;
    }
  }
  if (end > 0) take(buffer.subarray(0, end), 0, complete);
}

/** The same bytes, from `size` on; in a larger place where this one is too small. */
function withRoom(buffer: Buffer, length: number, size: number): Buffer {
  if (size + length <= buffer.length) {
    buffer.copyWithin(size, 0, length);
    return buffer;
  }
  const larger = Buffer.allocUnsafe(2 * (size + length));
  buffer.copy(larger, size, 0, length);
  return larger;
}
