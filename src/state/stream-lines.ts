import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { EXIT, UserError } from '../errors.ts';

/** A line of a file or stream, without its end. */
export interface StreamLine {
  text: string;
  /** counts from 1 */
  number: number;
  /** false: the last one, and the newline after it is missing, so that it may be torn */
  ended: boolean;
}

/** No line of a history is nearly as long (UTF-16 units). */
const LONGEST_LINE = 1024 * 1024;

/**
 * The lines of a stream, each as soon as it is complete. Only a newline ends a line, not what Node's readline takes
 * for one besides. Throws a UserError (78) for a line without end.
 */
export async function* readLines(stream: Readable): AsyncGenerator<StreamLine> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  let number = 0;
  for await (const chunk of stream) {
    // only what is new is looked through, so that a long line is not gone over with each piece of it
    const [end = '', ...lines] = decoder.write(chunk as Buffer).split('\n');
    rest += end;
    for (const text of lines) {
      yield { text: rest, number: ++number, ended: true };
      rest = text;
    }
    if (rest.length > LONGEST_LINE) {
      const hint = 'Is this a history? Its lines are JSON objects, one per sample or action.';
      throw new UserError(EXIT.config, `line ${number + 1}: expected a line, found no end`, hint);
    }
  }
  rest += decoder.end();
  if (rest !== '') yield { text: rest, number: number + 1, ended: false };
}
