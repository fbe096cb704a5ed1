import type { Word } from '../../../../kinds/command/chars.ts';
import { OPAQUE } from '../../../../kinds/command/chars.ts';
import { KINDS } from '../../../../kinds/registry.ts';
import { takeAssignments, withVariable } from '../../../../kinds/command/env.ts';
import { parseOptions } from '../../../../kinds/command/options.ts';
import type { Parsed } from '../../../../kinds/command/options.ts';
import type { Context, Program } from '../../../../kinds/command/program.ts';
import { changeFolder, runScript } from '../shell/script.ts';
import { findWrapper } from './wrappers.ts';
import type { Wrapper } from './wrappers.ts';

const ASGI = /^(?:uvicorn|hypercorn|daphne|granian)$/;
const PYTHON = /^(?:python|pypy)[\d.]*[a-z]?$/;
const SHELL = /^(?:sh|bash|dash|ash|ksh|zsh)$/;
/** Beyond this many wrappers and scripts within scripts nobody writes a unit. */
const DEEPEST = 12;

/** The programs that a command runs, wrappers, interpreters and shells followed. Throws `TooMuch`. */
export function findPrograms(argv: Word[], context: Context, depth = 0): Program[] {
  context.env.budget.spend(argv.length);
  const [first, ...args] = argv;
  if (!first) return [];
  const unknown = [unknownProgram(argv, context)];
  const name = baseName(first.text);
  if (depth > DEEPEST || name.includes(OPAQUE) || first.text.startsWith('|')) return unknown;
  const follow = (words: Word[], inner: Context): Program[] =>
    findPrograms(words, inner, depth + 1);
  const known = programNamed(name, argv, context);
  if (known) return [known];
  if (name === 'manage.py') return manage(argv, context);
  if (PYTHON.test(name)) return python(argv, context, follow);
  if (SHELL.test(name)) {
    const parsed = parseOptions(args, SHELL_OPTIONS, 'getopt');
    const [script, ...params] = parsed.positionals;
    if (!script) return unknown;
    if (!parsed.options.some((option) => option.name === '-c'))
      return [unknownProgram(argv, context, parsed.positionals)];
    return runScript(script, params, context, follow);
  }
  if (name === 'su' || name === 'runuser') return switchUser(argv, context, follow);
  if (name === 'sudo') return sudo(argv, context, follow);
  if (name === 'coverage' && args[0]?.text === 'run')
    return python(args, context, follow, COVERAGE);
  if (name === 'newrelic-admin' && args[0]?.text === 'run-python')
    return python(args, context, follow);
  const handedOn = findHandedOn(argv, { ...context, runBy: first.text }, false);
  if (handedOn) return [handedOn];
  const wrapper = findWrapper(name);
  return wrapper ? unwrap(argv, wrapper, context, follow) : [unknownProgram(argv, context, argv)];
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

type Follow = (argv: Word[], context: Context) => Program[];

const SHELL_OPTIONS = { values: table('-o --rcfile --init-file'), flags: {} };
const SUDO_OPTIONS = {
  values: table(
    '-u --user -g --group -h --host -p --prompt -C --close-from -T --command-timeout -R --chroot -D --chdir -r --role -t --type',
  ),
  flags: {},
};
const SU_OPTIONS = {
  values: table(
    '-c --command -s --shell -g --group -G --supp-group -w --whitelist-environment -u --user',
  ),
  flags: {},
};

function table(options: string): Record<string, string> {
  return Object.fromEntries(options.split(' ').map((option) => [option, option]));
}

function unknownProgram(argv: Word[], context: Context, own?: Word[]): Program {
  return { is: 'unknown', kind: null, argv, context, ...(own && { own }) };
}

/** The program that an executable, or a module of Python, is by its name; null: it is none that is known. */
function programNamed(
  name: string,
  argv: Word[],
  context: Context,
  isModule = false,
): Program | null {
  for (const { name: kind, command } of KINDS) {
    const named = command.named(name, isModule);
    if (named !== null)
      return { is: named === 'own' ? command.role(argv) : named, kind, argv, context };
  }
  return ASGI.test(name) ? { is: 'asgi', kind: null, argv, context } : null;
}

/** What a project's own command hands its words on to (`nautobot-server celery worker …`, `airflow celery worker …`). */
function findHandedOn(argv: Word[], context: Context, isManage: boolean): Program | null {
  for (const { name: kind, command } of KINDS) {
    const inner = command.handedOn(argv, isManage);
    if (inner !== null) return { is: command.role(inner), kind, argv: inner, context };
  }
  return null;
}

const PYTHON_OPTIONS = '-m -c -W -X --check-hash-based-pycs';
const COVERAGE = '-m --concurrency --context --data-file --include --omit --rcfile --source';

/** `python -m MODULE …` and `python /path/to/SCRIPT …`, or a program that takes the same; `values`: its options that take one. */
function python(
  argv: Word[],
  context: Context,
  follow: Follow,
  values = PYTHON_OPTIONS,
): Program[] {
  const unknown = [unknownProgram(argv, context)];
  const options = { values: table(values), flags: {} };
  const parsed = parseOptions(argv.slice(1), options, 'getopt', '-m');
  const last = parsed.options.at(-1);
  if (parsed.options.some((option) => option.name === '-c')) return unknown;
  if (last?.name !== '-m') {
    const [script] = parsed.positionals;
    const name = script ? baseName(script.text) : '';
    const words = parsed.positionals;
    return name === 'manage.py' ||
      programNamed(name, words, context) ||
      findHandedOn(words, context, false)
      ? follow(words, context)
      : [unknownProgram(argv, context, script && words)];
  }
  const module = argv[argv.length - parsed.positionals.length - 1];
  // `python -m coverage run -m gunicorn`
  if (module?.text === 'coverage') return follow([module, ...parsed.positionals], context);
  if (!module) return unknown;
  const own = [module, ...parsed.positionals];
  const inner = { ...context, runBy: argv[0]?.text ?? null };
  const known = programNamed(last.value?.text ?? '', own, inner, true);
  return [known ?? unknownProgram(argv, context, own)];
}

function manage(argv: Word[], context: Context): Program[] {
  return [findHandedOn(argv, context, true) ?? unknownProgram(argv, context, argv)];
}

function unwrap(argv: Word[], wrapper: Wrapper, context: Context, follow: Follow): Program[] {
  const options = { values: wrapper.values ? table(wrapper.values) : {}, flags: {} };
  let parsed = parseOptions(argv.slice(1), options, 'getopt');
  const used: Parsed['options'] = [...parsed.options];
  let rest = parsed.positionals;
  if (wrapper.sub) {
    if (rest[0]?.text !== wrapper.sub) return [unknownProgram(argv, context)];
    parsed = parseOptions(rest.slice(1), options, 'getopt');
    for (const option of parsed.options) used.push(option);
    rest = parsed.positionals;
  }
  rest = rest.slice(wrapper.skip ?? 0);
  const separator = wrapper.separated ? rest.findIndex((word) => word.text === '--') : -1;
  if (wrapper.separated === 'always' && separator < 0) return [unknownProgram(argv, context)];
  const uses = (names: string | true | undefined): boolean =>
    typeof names === 'string' && used.some((option) => names.split(' ').includes(option.name));
  if (wrapper.needs !== undefined && !uses(wrapper.needs)) return [unknownProgram(argv, context)];
  let inner = context;
  if (wrapper.moved) inner = elsewhere(inner);
  if (rest[0]?.text === '-' && wrapper.clears) {
    inner = withoutEnvironment(inner);
    rest = rest.slice(1);
  }
  if (uses(wrapper.clears)) inner = withoutEnvironment(inner);
  const folder = used.findLast(({ name }) => wrapper.moves?.split(' ').includes(name))?.value;
  if (folder) inner = { ...inner, cwd: changeFolder(inner.cwd, folder.text) };
  for (const { name, value } of used)
    if (value && wrapper.unsets?.split(' ').includes(name))
      inner = { ...inner, env: withVariable(inner.env, value.text, null) };
  if (wrapper.hides === true || uses(wrapper.hides))
    inner = withHidden(inner, `${argv[0]?.text} sets further variables`);
  if (argv[0]?.text.endsWith('pipenv')) inner = withDotEnv(inner);
  const script = wrapper.separated ? rest.at(-1) : rest[1];
  const isScript = wrapper.separated
    ? separator < 0
    : wrapper.script?.split(' ').includes(rest[0]?.text ?? '');
  if (isScript && script) return runScript(script, [], inner, follow);
  rest = rest.slice(separator + 1);
  if (uses('-S --split-string')) return [unknownProgram(argv, context)];
  if (!wrapper.assigns) return follow(rest, inner);
  const { words, env } = takeAssignments(rest, inner.env);
  return follow(words, { ...inner, env });
}

/** Below another root nothing can be read. */
function elsewhere(context: Context): Context {
  return { ...context, cwd: null, readFile: () => null };
}

function withoutEnvironment(context: Context): Context {
  return { ...context, env: { ...context.env, vars: new Map(), unknown: null } };
}

/** pipenv reads `.env`, whose values win. */
function withDotEnv(context: Context): Context {
  const path = `${context.cwd ?? '.'}/.env`;
  if (context.cwd !== null && context.factsOf(path).isMissing) return context;
  return withHidden(context, `pipenv reads ${path}`);
}

function withHidden(context: Context, unknown: string): Context {
  return { ...context, env: { ...context.env, vars: new Map(), unknown } };
}

function switchUser(argv: Word[], context: Context, follow: Follow): Program[] {
  const before = parseOptions(argv.slice(1), SU_OPTIONS, 'getopt');
  if (before.options.some((option) => option.name === '-u' || option.name === '--user'))
    return follow(before.positionals, context);
  const parsed = parseOptions(argv.slice(1), SU_OPTIONS, 'click');
  const script = parsed.options.findLast((option) => /^(?:-c|--command)$/.test(option.name));
  if (!script?.value) return [unknownProgram(argv, context)];
  const isLogin =
    parsed.positionals[0]?.text === '-' ||
    parsed.options.some((option) => /^(?:-l|--login)$/.test(option.name));
  const inner = isLogin ? { ...withoutEnvironment(context), cwd: null } : context;
  const [self] = argv;
  return self ? runScript({ ...self, ...script.value }, [], inner, follow) : [];
}

function sudo(argv: Word[], context: Context, follow: Follow): Program[] {
  const parsed = parseOptions(argv.slice(1), SUDO_OPTIONS, 'getopt');
  const uses = (names: string[]): boolean =>
    parsed.options.some((option) => names.includes(option.name));
  const keeps = parsed.options.some(
    ({ name, value }) => name === '-E' || (name === '--preserve-env' && value === null),
  );
  const named = new Set(
    parsed.options.flatMap(({ name, value }) =>
      name === '--preserve-env' && value ? value.text.split(',') : [],
    ),
  );
  const kept = new Map([...context.env.vars].filter(([name]) => named.has(name)));
  const env = keeps ? context.env : { ...context.env, vars: kept, unknown: null };
  const moves = uses(['-i', '--login', '-D', '--chdir']);
  const command = takeAssignments(parsed.positionals, env);
  return follow(command.words, { ...context, env: command.env, cwd: moves ? null : context.cwd });
}
