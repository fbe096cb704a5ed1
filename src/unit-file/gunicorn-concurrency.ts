import { NOTHING, OPAQUE, type Chars } from './chars.ts';
import { locateConfigFile } from './gunicorn-config-file.ts';
import { lastOption, type Parsed } from './options.ts';
import type { Context } from './program-types.ts';
import { readAssigned, type Told } from './python-config.ts';

/** What Gunicorn is told of how each of its workers serves requests. */
export interface Concurrency {
  workerClass: Told;
  threads: Told;
  /** how many seconds an idle connection is kept */
  keepAlive: Told;
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
