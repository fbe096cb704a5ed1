import { InvalidArgumentError, type Command } from 'commander';
import type { GlobalOptions } from '../commands/shared/global-options.ts';

/** What the definition of a command hands to its action. */
export interface Context {
  /** receives the exit code of the command */
  done: (code: number) => void;
  /** the command's own options, and those that every command takes */
  withGlobals: <T extends object>(options: T) => T & GlobalOptions;
}

/** Gives a command, which has nothing but its name yet, its words, options and action. */
export type Define = (command: Command, context: Context) => void;

/** The examples at the end of a command's help. */
export function example(...lines: string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}`;
}

/** A number of workers; for the command line (exit 64). */
export function positiveInteger(text: string): number {
  if (!/^[1-9][0-9]{0,3}$/.test(text)) {
    throw new InvalidArgumentError('expected a whole number from 1 to 9999.');
  }
  return Number(text);
}
