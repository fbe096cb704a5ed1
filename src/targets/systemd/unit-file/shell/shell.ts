import type { Chars, Word } from '../../../../kinds/command/chars.ts';
import { Unfollowed, WordReader, matchAt } from './words.ts';
import type { ShellVariables } from './words.ts';

/** A simple command; `before` is the operator that stands before it, empty at the start. */
export interface ShellCommand {
  before: string;
  words: Word[];
}

const OPERATOR = /;;|&&|\|\||\|&|[;&|()\n]/y;
const REDIRECTION = /\d*(?:<<<|<<-?|<>|<&|>&|>>|>\||<|>)|&>>?/y;
const COMMENT = /#[^\n]*/y;
const ASSIGNMENT = /[A-Za-z_][A-Za-z0-9_]*=/y;
const DECLARES = /^(?:export|readonly|declare|typeset|local)$/;
const KEYWORD = /^(?:if|then|elif|else|while|until|do|!|\{)$/;
const BEFORE_COMMAND = /^(?:[A-Za-z_][A-Za-z0-9_]*=|(?:if|then|elif|else|while|until|do|!|\{)$)/;
const BLANKS = /[ \t\r]+|\\\n/y;

/**
 * The simple commands of a script, one after the other, each expanded with the variables as they are
 * when it is asked for. Throws `Unfollowed`, `TooMuch`. Redirections are passed over; `$(…)` yields an opaque word.
 */
export function* readScript(script: Chars, variables: ShellVariables): Generator<ShellCommand> {
  const { text } = script;
  variables.budget.spend(text.length);
  let before = '';
  let words: Word[] = [];
  // of the words, the first that is no assignment and no keyword; looked for once
  let command: Word | undefined;
  for (let at = 0; at < text.length;) {
    const blank = matchAt(BLANKS, text, at) ?? matchAt(COMMENT, text, at);
    const redirection = matchAt(REDIRECTION, text, at);
    const operator = redirection === null ? matchAt(OPERATOR, text, at) : null;
    if (blank !== null) at += blank.length;
    else if (redirection !== null) {
      if (/<<-?$/.test(redirection)) throw new Unfollowed('a here-document');
      at += redirection.length;
      at += matchAt(BLANKS, text, at)?.length ?? 0;
      at = new WordReader(script, at, variables).read().next;
    } else if (operator !== null) {
      if (operator === '(' && words.some(({ text }) => !KEYWORD.test(text)))
        throw new Unfollowed('a function or an array');
      if (words.length > 0) yield { before, words };
      // A line end after `||` goes on with the same list.
      if (words.length > 0 || operator !== '\n') before = operator;
      words = [];
      command = undefined;
      at += operator.length;
    } else {
      const isAssignment = matchAt(ASSIGNMENT, text, at) !== null && mayAssign(command);
      const read = new WordReader(script, at, variables).read(isAssignment);
      for (const word of read.words) {
        variables.budget.spendWord();
        words.push(word);
        if (!BEFORE_COMMAND.test(word.text)) command ??= word;
      }
      at = read.next;
    }
  }
  if (words.length > 0) yield { before, words };
}

/** Whether a `NAME=value` behind this command sets a variable. */
function mayAssign(command: Word | undefined): boolean {
  return command === undefined || DECLARES.test(command.text);
}
