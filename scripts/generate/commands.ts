import type { Argument, Command, Option } from 'commander';
import { buildProgram } from '../../src/command-line/cli.ts';

/** A command of the command line, as the manual and the completions need it. */
export interface CommandFacts {
  /** empty for the program itself */
  name: string;
  description: string;
  args: ArgumentFacts[];
  options: OptionFacts[];
  /** the words that `--help` adds below the options: examples and notes */
  notes: string;
}

export interface ArgumentFacts {
  /** as in the synopsis: `<service>`, `[metric]`, `[service...]` */
  term: string;
  description: string;
  choices: readonly string[];
}

export interface OptionFacts {
  /** `-q, --quiet` or `--samples <file>` */
  flags: string;
  short: string | null;
  long: string | null;
  description: string;
  takesValue: boolean;
  choices: readonly string[];
}

/** The program itself and its commands, from the very object that parses the command line. */
export function readCommands(): { program: CommandFacts; commands: CommandFacts[] } {
  const program = buildProgram(() => undefined);
  return {
    program: { ...toFacts(program), name: '' },
    commands: listVisible(program).map(toFacts),
  };
}

/** Without those that are hidden, and without `help`, which commander adds. */
function listVisible(program: Command): Command[] {
  const visible = program.createHelp().visibleCommands(program);
  return program.commands.filter((command) => visible.includes(command));
}

function toFacts(command: Command): CommandFacts {
  const help = command.createHelp();
  return {
    name: command.name(),
    description: command.description(),
    args: command.registeredArguments.map(toArgument),
    options: help.visibleOptions(command).map(toOption),
    notes: readNotes(command),
  };
}

function toArgument(argument: Argument): ArgumentFacts {
  const name = argument.name() + (argument.variadic ? '...' : '');
  return {
    term: argument.required ? `<${name}>` : `[${name}]`,
    description: argument.description,
    choices: argument.argChoices ?? [],
  };
}

function toOption(option: Option): OptionFacts {
  return {
    flags: option.flags,
    short: option.short ?? null,
    long: option.long ?? null,
    description: option.description,
    takesValue: option.required || option.optional,
    choices: option.argChoices ?? [],
  };
}

/** What was added with `addHelpText('after', …)`: commander only gives it out by printing. */
function readNotes(command: Command): string {
  let all = '';
  command.configureOutput({ writeOut: (text) => (all += text) });
  command.outputHelp();
  return all.slice(command.helpInformation().length).trim();
}
