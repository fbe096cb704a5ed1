/** A command to be sent: `body` is what kombu calls a message of the pidbox. */
export interface ControlMessage {
  /** the fanout exchange that all workers of a broker listen to */
  exchange: string;
  /** where the answers are to be sent */
  replyQueue: string;
  ticket: string;
  body: string;
}

/** An answer as it arrived; `text` null: its serialization is not JSON. */
export interface ControlReply {
  text: string | null;
}

/** After the first answer: how long a second worker of the same name may take. */
export const SECOND_MS = 250;

/** How many answers are read: a worker gives one, and few workers share a name. */
export const MOST_REPLIES = 16;

/** The total size that the answers to a command may have: the statistics of a worker take some KB. */
export const MOST_REPLY_BYTES = 1024 * 1024;

/** How long is added to the time for answers: for connecting, and for cleaning up. */
export const AROUND_MS = 3000;
