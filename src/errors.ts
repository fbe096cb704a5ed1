import { cleanText } from './model/clean-text.ts';

/** More of a line is not said. */
const MOST_LENGTH = 4000;

/** The exit codes: the only table; `--help` and docs/commands.md repeat it and a test compares them. */
export const EXIT = {
  /** done, or nothing to do */
  ok: 0,
  /** a service could not be measured or changed; the others were served */
  failed: 1,
  /** wrong usage of the command line */
  usage: 64,
  /** another run held the lock for as long as this one waited */
  locked: 75,
  /** not permitted */
  permission: 77,
  /** the config, or another file that we must be able to trust, is wrong */
  config: 78,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** A text of one line, or its lines. */
type Lines = string | readonly string[];

/**
 * A fault that the user can mend: printed as `message` and, below it, `hint`, without a stack.
 * Anything else that is thrown is our bug and is printed with its stack. Both are clean whatever was put into them; a message
 * that is given as several lines has these, and no other.
 */
export class UserError extends Error {
  readonly exitCode: ExitCode;
  readonly hint: string | undefined;
  /** the log has said it, so that nobody needs to say it again */
  isLogged = false;

  constructor(exitCode: ExitCode, message: Lines, hint?: Lines) {
    super(clean(message));
    this.name = 'UserError';
    this.exitCode = exitCode;
    this.hint = hint === undefined ? undefined : clean(hint);
  }
}

/** systemctl could not be run, or did not answer in time: what it was to do may have to be asked for again. */
export class NoAnswer extends UserError {}

function clean(text: Lines): string {
  const lines = typeof text === 'string' ? [text] : text;
  return lines.map((line) => cleanText(line, MOST_LENGTH)).join('\n');
}
