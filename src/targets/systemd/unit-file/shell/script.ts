import { namesKind } from '../../../../kinds/registry.ts';
import { OPAQUE, slice } from '../../../../kinds/command/chars.ts';
import type { Chars, Word } from '../../../../kinds/command/chars.ts';
import { lookUp, takeAssignments, withVariable } from '../../../../kinds/command/env.ts';
import type { Env } from '../../../../kinds/command/env.ts';
import type { Context, Program } from '../../../../kinds/command/program.ts';
import { readScript } from './shell.ts';
import { Unfollowed } from './words.ts';
import { shownText } from '../../../../kinds/command/shown.ts';

const ASSIGNMENT = /^([A-Za-z_][A-Za-z0-9_]*)=/;
const OPENS = /^(?:if|while|until)$/;
const KEYWORD = /^(?:if|then|elif|else|while|until|do|!|\{)$/;
const CLOSES = /^(?:fi|done|\})$/;
const NOT_FOLLOWED = /^(?:for|case|select|function|coproc)$/;
/** Each change copies the variables; beyond this many nobody writes a command. */
const MOST_CHANGES = 500;
const TEST = /^(?:\[|\[\[|test)$/;

/**
 * The programs that a shell script given on a command line runs, with the variables and the folder that
 * it has set up by then. What happens only under a condition is taken as unknown afterwards. `follow`
 * finds the programs of a simple command. A script that cannot be followed counts as one unknown program. Throws `TooMuch`.
 */
export function runScript(
  script: Word,
  params: Word[],
  context: Context,
  follow: (argv: Word[], context: Context) => Program[],
): Program[] {
  const shell = new ShellState(context);
  const found: Program[] = [];
  const variables = {
    get: (name: string) => shell.get(name),
    set: (name: string, value: Chars) => {
      shell.set(name, value);
    },
    params,
    budget: context.env.budget,
  };
  let depth = 0;
  let afterTest = false;
  try {
    for (const command of readScript(script, variables)) {
      const first = command.words.findIndex(
        ({ text }) => !KEYWORD.test(text) && !CLOSES.test(text),
      );
      const start = first < 0 ? command.words.length : first;
      for (const { text } of command.words.slice(0, start)) {
        if (OPENS.test(text)) depth++;
        if (/^(?:fi|done)$/.test(text)) depth--;
      }
      const words = command.words.slice(start);
      const name = words[0]?.text ?? '';
      if (NOT_FOLLOWED.test(name)) throw new Unfollowed(name);
      const isTested: boolean = afterTest && command.before === '&&';
      shell.isCertain = depth === 0 && command.before !== '||' && !isTested;
      afterTest = TEST.test(name) || isTested;
      const rest = shell.takeAssignments(words);
      if (rest.words.length > 0 && !shell.runBuiltin(rest.words))
        for (const program of follow(rest.words, { ...context, env: rest.env, cwd: shell.cwd }))
          found.push(program);
    }
  } catch (error) {
    if (!(error instanceof Unfollowed)) throw error;
    return [{ is: 'unknown', kind: null, argv: [script], context }];
  }
  return found;
}

/** What a running shell has set. */
class ShellState {
  /** false: the present command may or may not be carried out */
  isCertain = true;
  cwd: string | null;
  private env: Env;
  private own: Env;
  private exportsAll = false;
  private changes = 0;
  private readonly factsOf: Context['factsOf'];

  constructor(context: Context) {
    this.env = context.env;
    this.own = { vars: new Map(), unknown: null, budget: context.env.budget };
    this.cwd = context.cwd;
    this.factsOf = context.factsOf;
  }

  get(name: string): Chars | 'unknown' | undefined {
    return this.own.vars.get(name) ?? lookUp(this.env, name);
  }

  set(name: string, value: Chars): void {
    this.countChange();
    const known = this.isCertain ? value : 'unknown';
    if (this.exportsAll || this.env.vars.has(name)) this.env = withVariable(this.env, name, known);
    else this.own = withVariable(this.own, name, known);
  }

  /** `NAME=value` before a command holds for it alone, without a command from now on. */
  takeAssignments(words: Word[]): { words: Word[]; env: Env } {
    const command = takeAssignments(words, this.env);
    if (command.words.length > 0) return command;
    for (const word of words) {
      const name = ASSIGNMENT.exec(word.text)?.[1] ?? '';
      this.set(name, slice(word, name.length + 1));
    }
    return { words: [], env: this.env };
  }

  /** Carries out a builtin that changes the shell; false: it is none. */
  runBuiltin(words: Word[]): boolean {
    const args = words.slice(1);
    switch (words[0]?.text) {
      case 'export':
      case 'declare':
      case 'typeset':
      case 'readonly':
        for (const word of args)
          this.declare(word, words[0].text === 'export' || args[0]?.text === '-x');
        return true;
      case 'unset':
        for (const word of args) {
          this.countChange();
          this.env = withVariable(this.env, word.text, this.isCertain ? null : 'unknown');
          this.own = withVariable(this.own, word.text, null);
        }
        return true;
      case 'cd':
        this.cwd = this.isCertain ? changeFolder(this.cwd, args.at(-1)?.text ?? OPAQUE) : null;
        return true;
      case '.':
      case 'source':
        // A virtual environment's script sets PATH and the like, nothing that counts here.
        if (!/(?:^|\/)activate$/.test(args[0]?.text ?? ''))
          this.forget(`the command reads ${args[0] ? shownText(args[0], this.factsOf) : ''}`);
        return true;
      case 'eval':
        if (args.some(({ text }) => namesKind(text))) throw new Unfollowed('eval');
        this.forget('the command uses eval');
        return true;
      case 'set':
        if (args.some((word) => /^-\w*a/.test(word.text) || word.text === 'allexport'))
          this.exportsAll = true;
        return true;
      default:
        return false;
    }
  }

  private declare(word: Word, exports: boolean): void {
    const name = ASSIGNMENT.exec(word.text)?.[1];
    if (name !== undefined) this.set(name, slice(word, name.length + 1));
    const declared = name ?? word.text;
    const value = this.own.vars.get(declared);
    if (!exports || value === undefined) return;
    this.env = withVariable(this.env, declared, value);
    this.own = withVariable(this.own, declared, null);
  }

  private countChange(): void {
    if (++this.changes > MOST_CHANGES) throw new Unfollowed('very many variables');
  }

  private forget(why: string): void {
    const unknown = `${why}, which may set variables`;
    this.env = { ...this.env, vars: new Map(), unknown };
    this.own = { ...this.own, vars: new Map() };
  }
}

/** The folder after `cd to`; null: not known. */
export function changeFolder(cwd: string | null, to: string): string | null {
  if (to.includes(OPAQUE) || to.startsWith('-') || to.startsWith('~')) return null;
  if (to.startsWith('/')) return to;
  return cwd === null ? null : `${cwd.replace(/\/$/, '')}/${to}`;
}
