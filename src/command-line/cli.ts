import { Command } from 'commander';
import { CHANGE } from './change.ts';
import { CONTROL } from './control.ts';
import type { Define } from './definition.ts';
import { HIDDEN, LOOK } from './look.ts';
import { SET_UP } from './set-up.ts';
import type { GlobalOptions } from '../commands/shared/global-options.ts';
import { EXIT } from '../errors.ts';
import { isTerminal, writeErr, writeOut } from '../host/streams.ts';
import { VERSION } from '../version.ts';

const EXIT_CODES = `
Exit codes:
  ${EXIT.ok}   done, or nothing to do
  ${EXIT.failed}   a service could not be measured or changed (the others were handled)
  ${EXIT.usage}  wrong usage
  ${EXIT.locked}  another run held the lock for as long as this one waited
  ${EXIT.permission}  not permitted
  ${EXIT.config}  the config, or another file that must be trusted, is wrong`;

/** Columns that help takes at most, and where nobody says how many there are. */
const HELP_COLUMNS = 80;

/** All commands, as `--help` lists them; the hidden ones last. */
const COMMANDS: Record<string, Define> = {
  run: CHANGE.run,
  ...LOOK,
  scale: CHANGE.scale,
  rollback: CHANGE.rollback,
  ...SET_UP,
  enable: CHANGE.enable,
  disable: CHANGE.disable,
  ...CONTROL,
  ...HIDDEN,
};

/**
 * The command line: all commands and options, or of the commands those of these names alone. Each action loads its module
 * late, so that a call pays for nothing that it does not use. `done` receives the exit code of the command.
 */
export function buildProgram(
  done: (code: number) => void,
  names: readonly string[] = Object.keys(COMMANDS),
): Command {
  const program = new Command('autoscaler')
    .description(
      'Keeps the right number of Gunicorn and Celery workers on this host: measures, decides,\nrewrites the unit file, and verifies that the change took effect.',
    )
    .version(VERSION, '-V, --version')
    .option(
      '--config <file>',
      'the config (default: $AUTOSCALER_CONFIG, /etc/autoscaler/config.json)',
    )
    .option('-q, --quiet', 'print errors only')
    .option('-v, --verbose', 'log more on stderr')
    .option('--no-color', 'no colours (also: NO_COLOR=1)')
    .showHelpAfterError('(autoscaler --help shows all commands)')
    .exitOverride()
    .configureOutput({
      writeOut,
      writeErr,
      getOutHelpWidth: () => helpWidth('stdout'),
      getErrHelpWidth: () => helpWidth('stderr'),
      // there are none in our help
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .addHelpText(
      'after',
      `\nExamples:
  autoscaler run --dry-run           what would be done now, and why; changes nothing
  autoscaler metrics all             what is measured now
  autoscaler scale shop.service 4    set a number by hand, just as safely
  autoscaler rollback                restore the unit files as they were; stops the timer\n${EXIT_CODES}`,
    );
  const withGlobals = <T extends object>(options: T): T & GlobalOptions => ({
    ...program.opts<GlobalOptions>(),
    ...options,
  });

  for (const name of names) {
    const hidden = Object.hasOwn(HIDDEN, name);
    COMMANDS[name]!(program.command(name, { hidden }), { done, withGlobals });
  }
  return program;
}

/** Does what a command line says. Answers the exit code. @throws CommanderError where that cannot be understood, or only help is asked for */
export async function callProgram(argv: readonly string[]): Promise<number> {
  let code: number = EXIT.ok;
  // where the first word is a command, no other one is looked for; to define them all takes 2 ms
  const [, , first = ''] = argv;
  const names = Object.hasOwn(COMMANDS, first) ? [first] : undefined;
  await buildProgram((result) => (code = result), names).parseAsync(argv);
  return code;
}

/** Columns of a stream for help; a terminal that knows no size says 0. */
function helpWidth(stream: 'stdout' | 'stderr'): number {
  return isTerminal(stream)
    ? Math.min(process[stream].columns || HELP_COLUMNS, HELP_COLUMNS)
    : HELP_COLUMNS;
}
