import { NOTHING, OPAQUE } from '../command/chars.ts';
import type { Chars, Word } from '../command/chars.ts';
import { findQueues } from './find-broker.ts';
import type { CommandReader } from '../kind.ts';
import { airflowWorkerOptions, celeryOptions, celeryWorkerOptions } from './options.ts';
import { parseMulti } from './multi.ts';
import { lookUp } from '../command/env.ts';
import { lastOption, parseOptions } from '../command/options.ts';
import type { OptionTable, Parsed } from '../command/options.ts';
import type { Context } from '../command/program.ts';
import { countUses, lastWord, problemAt } from '../command/reading.ts';
import type { Problem, Reading } from '../command/reading.ts';

/** What a `celery` command does: `aside` is beat or flower, `other` any further subcommand. */
type CeleryRole = 'worker' | 'multi' | 'aside' | 'other';

/** How ExecStart= names Celery, and what it says of the concurrency. */
export const celeryCommand: CommandReader = {
  named: (name) => {
    if (/^celery(?:-?\d[\d.]*)?$/.test(name)) return 'own';
    return /^(?:celerybeat|celery-?flower|flower)$/.test(name) ? 'aside' : null;
  },
  handedOn: (argv, isManage) => {
    if (argv[1]?.text !== 'celery') return null;
    const inner = argv.slice(1);
    // django-celery's `manage.py celery worker …`
    if (isManage) return inner;
    const isPlain = /^(?:worker|multi|beat|flower)$/.test(argv[2]?.text ?? '');
    return isPlain && celeryRole(inner).role !== 'other' ? inner : null;
  },
  role: (argv) => {
    const { role } = celeryRole(argv);
    return role === 'multi' ? 'worker' : role;
  },
  read: (argv, context, cpus) => readWorker(argv, celeryRole(argv), context, cpus),
  readOwn,
  findQueues,
  aside: {
    code: 'beat_or_flower',
    are: 'is beat or flower, which have no workers to size',
    hint: 'name the unit that runs "celery worker"',
  },
  setInUnit: 'Environment=CELERY_WORKER_CONCURRENCY=N',
};

/** The role of a command whose first word is `celery`, and the words behind the subcommand. */
function celeryRole(argv: Word[]): { role: CeleryRole; args: Word[] } {
  const [sub, ...args] = parseOptions(argv.slice(1), celeryOptions(), 'getopt').positionals;
  switch (sub?.text) {
    case 'worker':
      return { role: 'worker', args };
    case 'multi':
      return { role: /^(?:start|restart)$/.test(args[0]?.text ?? '') ? 'multi' : 'other', args };
    case 'beat':
    case 'flower':
      return { role: 'aside', args };
    default:
      return { role: 'other', args };
  }
}

/**
 * What a program of a project's own says of the concurrency of the Celery worker that it is (`own`: its words): as
 * options of `celery worker`, whichever other words stand among them.
 */
function readOwn(own: Word[], context: Context, cpus: number): Reading {
  const inner = { ...context, runBy: own[0]?.text ?? null };
  return readWorker(own, { role: 'worker', args: own.slice(1) }, inner, cpus);
}

/**
 * What a Celery worker command says of its concurrency: the last `--concurrency` or `-c`, then (Celery 5)
 * `CELERY_WORKER_CONCURRENCY`, else one for each processor. The app's own settings cannot be seen.
 */
function readWorker(
  argv: Word[],
  { role, args }: ReturnType<typeof celeryRole>,
  context: Context,
  cpus: number,
): Reading {
  const words = role === 'multi' ? args.slice(1) : args;
  const parsed =
    role === 'multi'
      ? parseMulti(words, context.factsOf)
      : { ...parseOptions(words, optionsOf(context), 'click'), problem: null };
  // An app named behind `worker` is Celery before 5, which does not look at these variables.
  // A project's own command may start the worker in a way that does not, either.
  const isOld =
    (role === 'worker' && lastOption(parsed, 'app') !== null) || isProjectCommand(context);
  const env = (name: string): Chars | 'unknown' | undefined =>
    isOld ? undefined : lookUp(context.env, `CELERY_WORKER_${name}`);
  const option = lastOption(parsed, 'concurrency');
  const pool = lastOption(parsed, 'pool')?.value ?? known(env('POOL'));
  const fromEnv = env('CONCURRENCY');
  const chars = option ? (option.value ?? NOTHING) : known(fromEnv);
  const problem =
    parsed.problem ??
    (pool?.text === 'solo' ? soloPool(argv) : null) ??
    (lastOption(parsed, 'autoscale') || known(env('AUTOSCALE')) ? withAutoscale(argv) : null) ??
    (parsed.opaqueAt > (option?.index ?? -1) ? opaque(argv) : null) ??
    (option === null && hidesSetting(parsed) ? inSettings(argv) : null) ??
    (option === null && fromEnv === 'unknown' ? unknown(context, argv) : null);
  const isShortInMulti = role === 'multi' && option?.flag === '-c';
  return {
    kind: 'celery',
    count: chars ? { chars, flag: option?.flag ?? 'CELERY_WORKER_CONCURRENCY' } : null,
    fallback: cpus,
    // it takes 0 for "not given"
    zero: cpus,
    // the settings of the app
    isAssumed: true,
    elsewhere: null,
    variable: chars || isOld ? null : variableOf(argv, context),
    pool: pool?.text ?? null,
    embeddedBeat: lastOption(parsed, 'beat') !== null || isTrue(known(env('BEAT'))),
    problem,
    insertAfter: argv[argv.length - words.length + parsed.end - 1] ?? lastWord(argv),
    option: (workers) => (isShortInMulti ? ` -c ${workers}` : ` --concurrency=${workers}`),
    usedElsewhere: chars !== null && countUses(argv, chars) > (option ? 1 : 0),
  };
}

/** Whether a project's own command stands for `celery`, not an interpreter. */
function isProjectCommand({ runBy }: Context): boolean {
  return runBy !== null && !/(?:^|\/)(?:python|pypy)[\d.]*[a-z]?$/.test(runBy);
}

/** Airflow has options of its own, of which some have other letters than Celery's. */
function optionsOf({ runBy }: Context): OptionTable {
  return /(?:^|\/)airflow$/.test(runBy ?? '') ? airflowWorkerOptions() : celeryWorkerOptions();
}

/** The variable that its command-line option has since Celery 5; null: not in this one, or it cannot be determined. */
function variableOf(argv: Word[], context: Context): Reading['variable'] {
  const module = locateModule(argv[0]?.text ?? '', context);
  const python = module === null ? null : context.readFile(module);
  // `celery.bin.celery.main`; Celery 4 has no such thing
  if (python?.includes('auto_envvar_prefix="CELERY"') !== true) return null;
  return (workers) => `CELERY_WORKER_CONCURRENCY=${workers}`;
}

/** Where `celery/bin/celery.py` lies for a program of Debian's, or one in a virtual environment; null: unknown. */
function locateModule(program: string, { runBy, readFile }: Context): string | null {
  const MODULE = 'celery/bin/celery.py';
  const [, folder = null] = /^(.*)\/bin\/[^/]+$/.exec(runBy ?? program) ?? [];
  if (folder === null || folder.includes(OPAQUE)) return null;
  if (folder === '/usr' || folder === '') return `/usr/lib/python3/dist-packages/${MODULE}`;
  const version = /^version(?:_info)?\s*=\s*(\d+\.\d+)\b/m.exec(
    readFile(`${folder}/pyvenv.cfg`) ?? '',
  )?.[1];
  return version === undefined ? null : `${folder}/lib/python${version}/site-packages/${MODULE}`;
}

function known(value: Chars | 'unknown' | undefined): Chars | null {
  return typeof value === 'object' ? value : null;
}

function isTrue(value: Chars | null): boolean {
  return value !== null && /^(?:1|true|t|yes|y|on)$/i.test(value.text.trim());
}

/** `-- worker.concurrency=4`: settings of the app on the command line. */
function hidesSetting(parsed: Parsed): boolean {
  return parsed.positionals.some((word) =>
    /^(?:\w*[._])?(?:concurrency|autoscaler|pool)=/.test(word.text),
  );
}

function soloPool(argv: Word[]): Problem {
  const message = 'the pool is solo, which has one process whatever the concurrency';
  return problemAt(
    argv[0],
    'solo_pool',
    message,
    'remove -P solo to have a pool that can be sized',
  );
}

function withAutoscale(argv: Word[]): Problem {
  const message = 'Celery sizes the pool itself (--autoscale)';
  const hint = 'remove --autoscale and set --concurrency=N to have it sized by autoscaler';
  return problemAt(argv[0], 'autoscale', message, hint);
}

function opaque(argv: Word[]): Problem {
  const message = 'a word of the command, known only when it starts, may set the concurrency';
  return problemAt(
    argv[0],
    'not_a_number',
    message,
    'put --concurrency=N at the end of the command',
  );
}

function inSettings(argv: Word[]): Problem {
  const message = 'the command sets options of the app that determine its pool';
  return problemAt(argv[0], 'config_file', message, 'use --concurrency=N of celery worker instead');
}

function unknown(context: Context, argv: Word[]): Problem {
  const message = `the concurrency may come from the environment, and ${context.env.unknown ?? 'it is passed in from outside the unit'}`;
  return problemAt(
    argv[0],
    'unreadable',
    message,
    'put --concurrency=N on the command line in ExecStart',
  );
}
