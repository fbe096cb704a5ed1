/** What a server refuses, by its own code and text: a question on a channel, or the connection. */
export class AmqpRefusal extends Error {
  readonly code: number;
  /** the method that it refuses, one of METHOD; 0: it does not say */
  readonly method: number;

  constructor(code: number, text: string, method: number) {
    super(text);
    this.code = code;
    this.method = method;
  }
}
