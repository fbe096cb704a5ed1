/** A command on its way: `body` is what kombu calls a message of the pidbox. */
export interface ControlMessage {
  /** the fanout exchange that all workers of a broker listen to */
  exchange: string;
  /** where the answers are to come to */
  replyQueue: string;
  ticket: string;
  body: string;
}

/** An answer as it came; `text` null: in a serialization other than JSON. */
export interface ControlReply {
  text: string | null;
}

/** After the first answer: how long a second worker of the same name may take. */
export const SECOND_MS = 250;

/** How many answers are read: a worker gives one, and few have the same name. */
export const MOST_REPLIES = 16;

/** What the answers to a command may hold together: the statistics of a worker are some KB. */
export const MOST_REPLY_BYTES = 1024 * 1024;

/** How long is added to the time for answers: for connecting, and for cleaning up. */
export const AROUND_MS = 3000;
