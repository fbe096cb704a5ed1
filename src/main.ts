import { callProgram } from './command-line/cli.ts';
import { EXIT } from './errors.ts';
import { toUserError } from './host/fault.ts';
import { toError } from './host/journal.ts';
import { afterOutput, hasLostOutput, writeErr } from './host/streams.ts';

/** More of a bug's stack is not printed: what it says may come from elsewhere. */
const MOST_LENGTH = 20_000;

/** Runs one command line. The only place that prints an uncaught error and that ends the process. */
async function main(argv: string[]): Promise<number> {
  try {
    return await callProgram(argv);
  } catch (error) {
    return printError(error);
  }
}

function printError(error: unknown): number {
  const fault = toUserError(error);
  if (fault !== null) {
    if (fault.isLogged) return fault.exitCode;
    writeErr(toError(`autoscaler: ${fault.message}`));
    if (fault.hint !== undefined) writeErr(toError(fault.hint));
    return fault.exitCode;
  }
  // commander has printed its own message (or the help) already
  const { code, exitCode } = error as { code?: unknown; exitCode?: unknown };
  if (typeof code === 'string' && code.startsWith('commander.')) {
    return exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
  const bug = error instanceof Error ? (error.stack ?? error.message) : String(error);
  writeErr(
    toError(
      `autoscaler: this is a bug in autoscaler, please report it:\n${bug.slice(0, MOST_LENGTH)}`,
    ),
  );
  return EXIT.failed;
}

// whatever is thrown beside a command (an event of a library) is printed here too, not by Node as it is
process.on('uncaughtException', (error) => process.exit(printError(error)));

void main(process.argv).then((exitCode) => {
  afterOutput(() => {
    process.exit(exitCode === EXIT.ok && hasLostOutput() ? EXIT.failed : exitCode);
  });
});
