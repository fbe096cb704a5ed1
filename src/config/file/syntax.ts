import { printParseErrorCode, type ParseError } from 'jsonc-parser';
import { faultAt, type Document } from './document.ts';
import type { Fault } from './fault.ts';

const EXAMPLE =
  '{ "projects": { "shop": { "max_workers": 4, "cpu_thresholds": { "scale_up_2": 70 } } } }';

/** What the parser's codes mean: what was expected, and what usually is the cause. */
const MEANINGS: Record<string, { expected: string; hint?: string }> = {
  InvalidSymbol: {
    expected: 'a number, a string in double quotes, true, false, { or [',
    hint: 'strings and keys are in double quotes; true and false are in lower case',
  },
  InvalidNumberFormat: { expected: 'a number such as 2 or 0.5' },
  PropertyNameExpected: { expected: 'a key in double quotes' },
  ValueExpected: { expected: 'a value' },
  ColonExpected: { expected: 'a colon after the key' },
  CommaExpected: { expected: 'a comma before this' },
  CloseBraceExpected: { expected: '}', hint: 'an opening brace before this is never closed' },
  CloseBracketExpected: { expected: ']', hint: 'an opening bracket before this is never closed' },
  EndOfFileExpected: {
    expected: 'the end of the file',
    hint: 'a brace before this is closed too early',
  },
  UnexpectedEndOfComment: { expected: '*/ at the end of the comment' },
  UnexpectedEndOfString: { expected: 'a double quote at the end of the string' },
  UnexpectedEndOfNumber: { expected: 'digits' },
  InvalidUnicode: { expected: 'four hexadecimal digits after \\u' },
  InvalidEscapeCharacter: {
    expected: 'one of " \\ / b f n r t u after the backslash',
    hint: 'a backslash itself is written \\\\',
  },
  InvalidCharacter: {
    expected: 'no control character inside a string',
    hint: 'a tab is written \\t',
  },
};

/** Nobody reads on, and what is no config at all has one in each line. */
const MOST_FAULTS = 100;

/**
 * The syntax faults of a config, the first ones, and of a line only its first: what follows it there is its echo.
 * The text found is shown only where it cannot be a part of a password.
 */
export function describeSyntaxErrors(document: Document): Fault[] {
  if (document.root === undefined && document.syntaxErrors.every(isNoValue)) {
    const hint = `the smallest config: ${EXAMPLE}`;
    return [faultAt(document, 0, '', { found: 'the file is empty', expected: null, hint })];
  }
  const byLine = new Map<number, Fault>();
  const end = document.text.trimEnd().length;
  for (const error of document.syntaxErrors.toSorted((a, b) => a.offset - b.offset)) {
    const { expected, hint } = MEANINGS[printParseErrorCode(error.error)] ?? { expected: 'JSON' };
    if (byLine.size === MOST_FAULTS) break;
    const found = error.offset >= end ? 'the end of the file' : describeToken(document.text, error);
    const fault = faultAt(document, error.offset, '', { found, expected, hint: hint ?? null });
    if (!byLine.has(fault.line)) byLine.set(fault.line, fault);
  }
  return [...byLine.values()];
}

/** Whether all between the syntax errors can be trusted to be what the user means: only commas are missing. */
export function isReadable({ root, syntaxErrors }: Document): boolean {
  return root !== undefined && syntaxErrors.every((e) => name(e) === 'CommaExpected');
}

function isNoValue(error: ParseError): boolean {
  return name(error) === 'ValueExpected';
}

function name(error: ParseError): string {
  return printParseErrorCode(error.error);
}

function describeToken(text: string, { offset, length }: ParseError): string {
  const token = text.slice(offset, offset + length);
  if (/^([{}[\]:,']|True|False|None|NaN)$/.test(token)) return token;
  if (token.startsWith('"')) return 'a string in quotes';
  if (/^[A-Za-z_$]/.test(token)) return 'a word without quotes';
  return token.startsWith("'") ? "'" : 'something else';
}
