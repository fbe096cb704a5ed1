import { fstatSync, readSync } from 'node:fs';

const BLOCK_BYTES = 64 * 1024;

/** No entry is anywhere near it: a longer line is damage, and what is before it is not looked for. */
const MAX_LINE_BYTES = 1024 * 1024;

const LINE_FEED = 0x0a;

/** A line without its line feed, and where it starts; `complete` false: it has none, or no end in sight. */
export interface Line {
  text: string;
  offset: number;
  complete: boolean;
}

/** The lines of an open file from the last to the first, read in blocks from its end; empty ones left out. */
export function* readLinesBackwards(fd: number): Generator<Line> {
  let start = fstatSync(fd).size;
  let complete = false;
  let rest: Buffer = Buffer.alloc(0);
  while (start > 0) {
    const size = Math.min(BLOCK_BYTES, start);
    const block = Buffer.allocUnsafe(size + rest.length);
    start -= size;
    // shorter where somebody else cuts the file right now
    const got = readSync(fd, block, 0, size, start);
    rest.copy(block, got);
    rest = block.subarray(0, got + rest.length);
    let end = rest.length;
    // lastIndexOf would take -1 for the last byte
    while (end > 0) {
      const at = rest.lastIndexOf(LINE_FEED, end - 1);
      if (at === -1) break;
      const text = rest.toString('utf8', at + 1, end);
      if (text !== '') yield { text, offset: start + at + 1, complete };
      complete = true;
      end = at;
    }
    rest = rest.subarray(0, end);
    if (rest.length > MAX_LINE_BYTES) {
      yield { text: '', offset: start, complete: false };
      return;
    }
  }
  if (rest.length > 0) yield { text: rest.toString('utf8'), offset: 0, complete };
}
