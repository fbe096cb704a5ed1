import type { Budget } from '../command/budget.ts';
import { CharsBuilder, NOTHING, wordAt } from '../command/chars.ts';
import type { Chars, Word } from '../command/chars.ts';
import { lookUp } from '../command/env.ts';
import type { CommandReader } from '../kind.ts';
import { readConcurrencyOf } from './concurrency.ts';
import { configName, locateConfigFile } from './config-file.ts';
import { gunicornOptions } from './options.ts';
import { lastOption, parseOptions } from '../command/options.ts';
import type { Parsed } from '../command/options.ts';
import type { Context } from '../command/program.ts';
import { lineOfWorkers, mayAssignWorkers, readAssigned } from './python-config.ts';
import { countUses, lastWord } from '../command/reading.ts';
import type { Problem, Reading } from '../command/reading.ts';
import { isShown, shownText } from '../command/shown.ts';

/** How ExecStart= names Gunicorn, and what it says of the workers. */
export const gunicornCommand: CommandReader = {
  named: (name, isModule) =>
    (isModule && name === 'gunicorn.app.wsgiapp') || /^gunicorn(?:-?\d[\d.]*)?$/.test(name)
      ? 'own'
      : null,
  handedOn: () => null,
  role: () => 'worker',
  read: readGunicorn,
  readOwn: readGunicorn,
  findQueues: () => null,
  aside: null,
  setInUnit: 'Environment=GUNICORN_CMD_ARGS=--workers=N',
};

const ON_COMMAND_LINE = 'put --workers N on the command line in ExecStart, which comes before it';

/**
 * What a `gunicorn` command says of its workers. Precedence as in `gunicorn.app.base.load_config`: the
 * command line, `GUNICORN_CMD_ARGS`, the config file, `WEB_CONCURRENCY`; else 1. Throws `TooMuch`.
 */
function readGunicorn(argv: Word[], context: Context): Reading {
  const options = gunicornOptions();
  const parsed = parseOptions(argv.slice(1), options, 'argparse');
  const argsText = lookUp(context.env, 'GUNICORN_CMD_ARGS');
  const more = typeof argsText === 'object' ? splitPython(argsText, context.env.budget) : [];
  const fromEnv = parseOptions(more, options, 'argparse');
  const web = lookUp(context.env, 'WEB_CONCURRENCY');
  const reading: Reading = {
    kind: 'gunicorn',
    count: null,
    fallback: 1,
    zero: 0,
    isAssumed: false,
    elsewhere: null,
    variable: (workers) => `WEB_CONCURRENCY=${workers}`,
    pool: valueOf(parsed, 'worker-class') ?? valueOf(fromEnv, 'worker-class'),
    embeddedBeat: false,
    problem: null,
    insertAfter: argv[parsed.end] ?? lastWord(argv),
    option: (workers) => ` --workers=${workers}`,
    usedElsewhere: false,
    concurrency: () =>
      readConcurrencyOf(parsed, argsText === 'unknown' ? 'unknown' : fromEnv, context),
  };
  const flag = lastOption(parsed, 'workers');
  const beginning = parsed.ambiguous ?? fromEnv.ambiguous;
  if (beginning)
    return { ...reading, problem: ambiguous(shownText(beginning, context.factsOf), argv) };
  if (parsed.opaqueAt > (flag?.index ?? -1)) return { ...reading, problem: opaque(argv, parsed) };
  if (flag) {
    const chars = flag.value ?? NOTHING;
    const usedElsewhere = countUses(argv, chars) > 1;
    return { ...reading, count: { chars, flag: flag.flag }, usedElsewhere };
  }
  if (argsText === 'unknown') return { ...reading, problem: unknown(context, argv) };
  const envFlag = lastOption(fromEnv, 'workers');
  if (envFlag)
    return { ...reading, count: { chars: envFlag.value ?? NOTHING, flag: envFlag.flag } };
  const config = [parsed, fromEnv]
    .map((each) => lastOption(each, 'config')?.value ?? NOTHING)
    .find(({ text }) => text !== '');
  const inFile = readConfigFile(config ?? null, context);
  // it comes before the file; one with other options in it would have to be repeated
  const variable = argsText
    ? null
    : (workers: number): string => `GUNICORN_CMD_ARGS=--workers=${workers}`;
  if (inFile) return { ...reading, ...inFile, variable };
  if (web === 'unknown') return { ...reading, problem: unknown(context, argv) };
  if (!web) return reading;
  const usedElsewhere = countUses(argv, web) > 0;
  return { ...reading, count: { chars: web, flag: 'WEB_CONCURRENCY' }, usedElsewhere };
}

function valueOf(parsed: Parsed, name: string): string | null {
  return lastOption(parsed, name)?.value?.text ?? null;
}

function ambiguous(option: string, argv: Word[]): Problem {
  return {
    code: 'ambiguous',
    message: `"${option}" is an ambiguous abbreviation, which gunicorn refuses`,
    hint: 'write the option in full, such as --workers',
    at: argv[0]?.first ?? null,
  };
}

function opaque(argv: Word[], parsed: Parsed): Problem {
  return {
    code: 'not_a_number',
    message: 'what stands here is known only when the service starts, and may set the workers',
    hint: 'put --workers N after it, as the last option of the command',
    at: argv[parsed.opaqueAt + 1]?.first ?? null,
  };
}

function unknown(context: Context, argv: Word[]): Problem {
  return {
    code: 'unreadable',
    message: `the number of workers may come from the environment, and ${context.env.unknown ?? 'it is passed in from outside the unit'}`,
    hint: ON_COMMAND_LINE,
    at: argv[0]?.first ?? null,
  };
}

/** Where the config file sets the number, or may, and the number if it stands there; null: it does not. */
function readConfigFile(
  given: Chars | null,
  context: Context,
): { elsewhere: string; fallback: number | null } | null {
  const computed = (elsewhere: string) => ({ elsewhere, fallback: null });
  const config = given?.text ?? null;
  const shown = given === null ? null : shownText(given, context.factsOf);
  if (config?.startsWith('python:'))
    return computed(`the Python module ${shown?.replace(/^python:/, '') ?? ''}`);
  const path = locateConfigFile(config, context);
  if (path === null) return computed(`the config file ${configName(shown)}`);
  const isNamed = given === null || isShown(given, context.factsOf);
  const name = isNamed ? path : configName(shown);
  const { fault, isMissing } = context.factsOf(path);
  const text = context.readFile(path);
  if (text === null) {
    if (config === null && isMissing) return null;
    const why = fault === null ? '' : ` (${fault})`;
    return computed(`the config file ${name}, which cannot be read${why},`);
  }
  if (!mayAssignWorkers(text)) return null;
  const line = lineOfWorkers(text);
  const elsewhere = `the config file ${name}${line === null ? '' : `, line ${line},`}`;
  const assigned = readAssigned(text, 'workers');
  const isNumber = typeof assigned === 'object' && /^\d{1,9}$/.test(assigned?.text ?? '');
  return { elsewhere, fallback: isNumber ? Number(assigned?.text) : null };
}

/** Python's `shlex.split`, which Gunicorn reads `GUNICORN_CMD_ARGS` with. */
function splitPython(value: Chars, budget: Budget): Word[] {
  const words: Word[] = [];
  const { text } = value;
  for (let at = 0; at < text.length;) {
    if (/\s/.test(text.charAt(at))) {
      at++;
      continue;
    }
    const start = at;
    const content = new CharsBuilder();
    let quote = '';
    for (; at < text.length && (quote || !/\s/.test(text.charAt(at))); at++) {
      const char = text.charAt(at);
      const escapes = char === '\\' && quote !== "'" && at + 1 < text.length;
      if (escapes && (!quote || '"\\'.includes(text.charAt(at + 1)))) content.take(value, ++at);
      else if (char === quote) quote = '';
      else if (!quote && (char === '"' || char === "'")) quote = char;
      else {
        const end = plainEnd(text, at, quote);
        content.take(value, at, end);
        at = end - 1;
      }
    }
    budget.spendWord();
    words.push(wordAt(content, value, start, at));
  }
  return words;
}

/** Where the characters end that stand for themselves; there is at least one at `at`. */
function plainEnd(text: string, at: number, quote: string): number {
  const special = quote ? /["'\\]/g : /[\s"'\\]/g;
  special.lastIndex = at + 1;
  return special.exec(text)?.index ?? text.length;
}
