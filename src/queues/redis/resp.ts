/** What a Redis answers: a whole number, a text, nothing, an error, or a list of these. */
export type RespValue = number | string | null | Error | RespValue[];

/** A line is a number, a state or an error. */
const MOST_LINE_BYTES = 8192;
/** How many elements the lists in all answers of a connection may have together. */
const MOST_ELEMENTS = 20_000;
/** ROLE answers with lists inside a list. */
const MOST_DEPTH = 4;

const LINE_END = '\r\n';

interface OpenList {
  items: RespValue[];
  left: number;
}

/**
 * Reads answers in RESP2, the default protocol, as they arrive, in pieces of any size. Each byte is looked at once. Returns
 * a function that takes the bytes, and throws an Error in plain words at anything else: types of RESP3, numbers that are
 * not whole, and more than a Redis has reason to send.
 * https://redis.io/docs/latest/develop/reference/protocol-spec/
 */
export function createReplyReader(onReply: (reply: RespValue) => void): (bytes: Buffer) => void {
  let pieces: Buffer[] = [];
  let size = 0;
  /** how many bytes are needed before anything can be read */
  let wanted = 1;
  /** the length of the text that is being read; null: none is */
  let textBytes: number | null = null;
  let elements = 0;
  const lists: OpenList[] = [];

  const add = (value: RespValue): void => {
    let whole = value;
    for (let list = lists.at(-1); list !== undefined; list = lists.at(-1)) {
      list.items.push(whole);
      list.left -= 1;
      if (list.left > 0) return;
      whole = list.items;
      lists.pop();
    }
    onReply(whole);
  };
  const openList = (length: number): void => {
    elements += length;
    if (elements > MOST_ELEMENTS) throw new Error('it sends a list that is too long');
    if (length === 0) return add([]);
    if (lists.length === MOST_DEPTH) throw new Error('it sends lists that are nested too deep');
    lists.push({ items: [], left: length });
  };
  const takeLine = (type: string, text: string): void => {
    if (type === '+') return add(text);
    if (type === '-') return add(new Error(text));
    if (type === ':') return add(toWhole(text));
    const length = toWhole(text);
    if (length === -1) return add(null);
    if (length < 0) throw new Error('it sends a length below 0');
    if (type === '*') return openList(length);
    textBytes = length;
  };
  /** The number of bytes used; 0: there are too few yet. */
  const takeOne = (bytes: Buffer): number => {
    if (textBytes !== null) {
      wanted = textBytes + LINE_END.length;
      if (bytes.length < wanted) return 0;
      if (bytes.toString('latin1', textBytes, wanted) !== LINE_END) {
        throw new Error('it sends a string whose length differs from the announced one');
      }
      const text = bytes.toString('utf8', 0, textBytes);
      textBytes = null;
      add(text);
      return wanted;
    }
    const type = bytes.toString('latin1', 0, 1);
    if (!TYPES.includes(type)) throw new Error(NO_REDIS);
    const end = bytes.subarray(0, MOST_LINE_BYTES).indexOf(LINE_END);
    if (end < 0 && bytes.length >= MOST_LINE_BYTES) {
      throw new Error(`it sends a line of more than ${MOST_LINE_BYTES / 1024} KB`);
    }
    wanted = bytes.length + 1;
    if (end < 0) return 0;
    takeLine(type, bytes.toString('utf8', 1, end));
    return end + LINE_END.length;
  };

  return (bytes) => {
    pieces.push(bytes);
    size += bytes.length;
    if (size < wanted) return;
    let rest = Buffer.concat(pieces);
    for (let used = 1; used > 0 && rest.length > 0; rest = rest.subarray(used)) {
      used = takeOne(rest);
    }
    if (rest.length === 0) wanted = 1;
    pieces = [rest];
    size = rest.length;
  };
}

const TYPES = '+-:$*';

/** How a server is described that speaks another protocol. */
const NO_REDIS = 'what answers there is not Redis';

/** A number as Redis writes it; one beyond the safe integers is not exact, and so not a count. */
function toWhole(text: string): number {
  if (/^(?:0|-?[1-9]\d{0,18})$/.test(text)) return Number(text);
  throw new Error('it sends a number that is not an integer');
}

/** A command as the protocol requires it: a list of texts, each with its length in bytes. */
export function encodeCommand(command: readonly (string | number)[]): string {
  const texts = command.map((argument) => {
    const text = String(argument);
    return `$${Buffer.byteLength(text)}${LINE_END}${text}${LINE_END}`;
  });
  return `*${texts.length}${LINE_END}${texts.join('')}`;
}
