import { NOTHING, OPAQUE, type Chars } from '../command/chars.ts';
import { locateConfigFile } from './config-file.ts';
import { lastOption, type Parsed } from '../command/options.ts';
import type { Context } from '../command/program.ts';
import type { Concurrency, Told, WorkerClass } from '../shared/concurrency.ts';
import { readAssigned } from './python-config.ts';

/** The class of a service's workers; several threads make gthread workers of sync ones, as Gunicorn has it. */
export function classOfWorkers({ workerClass, threads }: Concurrency): WorkerClass {
  if (workerClass === 'unknown') return 'unknown';
  const name = workerClass?.text ?? 'sync';
  const count = threads === 'unknown' ? null : Number(threads?.text ?? 1);
  if (/^(?:gthread|gunicorn\.workers\.gthread\.ThreadWorker)$/.test(name)) {
    return count === null ? 'unknown' : 'gthread';
  }
  if (!/^(?:sync|gunicorn\.workers\.sync\.SyncWorker)$/.test(name)) return 'async';
  return count === null ? 'unknown' : count > 1 ? 'gthread' : 'sync';
}

/** The same precedence as for the workers: the command line, `GUNICORN_CMD_ARGS`, the config file. */
export function readConcurrencyOf(
  parsed: Parsed,
  fromEnv: Parsed | 'unknown',
  context: Context,
): Concurrency {
  const tell = (option: string): Told =>
    toldBy(parsed, option) ?? (fromEnv === 'unknown' ? 'unknown' : toldBy(fromEnv, option));
  const config = tell('config');
  const python = config === 'unknown' ? null : readConfig(config?.text ?? null, context);
  const tellAll = (option: string, name: string): Told =>
    tell(option) ?? (python === null ? 'unknown' : readAssigned(python, name));
  return {
    workerClass: tellAll('worker-class', 'worker_class'),
    threads: tellAll('threads', 'threads'),
    keepAlive: tellAll('keep-alive', 'keepalive'),
    timeout: tellAll('timeout', 'timeout'),
    maxRequests: tellAll('max-requests', 'max_requests'),
  };
}

function toldBy(parsed: Parsed, name: string): Told {
  const option = lastOption(parsed, name);
  if (parsed.opaqueAt > (option?.index ?? -1)) return 'unknown';
  if (option === null) return null;
  const { text }: Chars = option.value ?? NOTHING;
  return text.includes(OPAQUE) ? 'unknown' : { text };
}

/** The text of the config file, empty where there is none; null: not to be read. */
function readConfig(config: string | null, context: Context): string | null {
  const path = config?.startsWith('python:') === true ? null : locateConfigFile(config, context);
  if (path === null) return null;
  // without its being named, the file need not be there
  const isNone = config === null && context.factsOf(path).isMissing;
  return isNone ? '' : context.readFile(path);
}
