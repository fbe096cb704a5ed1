import { buildProgram } from './cli.ts';
import { EXIT, UserError } from './errors.ts';
import { guardStreams } from './streams.ts';

/** Runs one command line. The only place that prints an uncaught error and that ends the process. */
async function main(argv: string[]): Promise<number> {
  let code: number = EXIT.ok;
  try {
    await buildProgram((result) => (code = result)).parseAsync(argv);
    return code;
  } catch (error) {
    return printError(error);
  }
}

function printError(error: unknown): number {
  if (error instanceof UserError) {
    if (error.isLogged) return error.exitCode;
    process.stderr.write(`autoscaler: ${error.message}\n`);
    if (error.hint !== undefined) process.stderr.write(`${error.hint}\n`);
    return error.exitCode;
  }
  // commander has printed its own message (or the help) already
  const { code, exitCode } = error as { code?: unknown; exitCode?: unknown };
  if (typeof code === 'string' && code.startsWith('commander.')) {
    return exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
  process.stderr.write(
    `autoscaler: this is a bug in autoscaler, please report it:\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  return EXIT.failed;
}

const streams = guardStreams();

void main(process.argv).then((exitCode) => {
  // stdout may be a pipe, which is written asynchronously: end only when all is out
  process.stdout.write('', () => {
    process.exit(exitCode === EXIT.ok && streams.hasFailed() ? EXIT.failed : exitCode);
  });
});
