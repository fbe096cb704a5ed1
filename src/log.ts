import type { Logger, StreamEntry, destination } from 'pino';
import { UserError, EXIT } from './errors.ts';
import { Foreign } from './host/files/folders.ts';
import { openLogFile } from './host/files/output.ts';
import { cleanStrings } from './output/clean.ts';
import { isJournal, toJournal } from './host/journal.ts';
import { clearStatus, isTerminal, writeErr } from './host/streams.ts';

const STDERR = 2;

/** How much is said on stderr: `none`, `quiet` errors alone, `verbose` debug too. */
export type Verbosity = 'none' | 'quiet' | 'normal' | 'verbose';

export interface LogTarget {
  /** appended to as JSON lines, whatever the verbosity; null: no file */
  file: string | null;
  verbosity: Verbosity;
  color: boolean;
}

/**
 * The log: JSON lines in `file` and, where stderr is no terminal, on stderr; lines for people on a
 * terminal (there only warnings and errors, unless verbose: the result on stdout tells the rest), and plain sentences in
 * systemd's journal.
 * Each line has `level` in words (`INFO`, `WARN`, `ERROR`), `event` and `msg`. What is logged is cleaned here: a text from
 * elsewhere can neither colour nor move anything on a terminal, nor look like a line of its own.
 * Synchronous: a oneshot must not lose its last line.
 *
 * A line that cannot be written (the disk is full, nobody reads stderr any more) stops no work: of the
 * file it is reported on stderr, once.
 *
 * @throws UserError permission where the log file may not be opened, config where it can be none
 */
export async function openLog(target: LogTarget): Promise<Logger> {
  // a command that only looks has nothing to log as a rule
  const { default: pino } = await import('pino');
  const streams: StreamEntry[] =
    target.verbosity === 'none' ? [] : [await stderrStream(target, pino.destination)];
  const file = target.file === null ? null : openFile(target.file, pino.destination);
  if (file !== null) streams.push({ level: 'info', stream: file });
  return pino(
    {
      level: target.verbosity === 'verbose' ? 'debug' : 'info',
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      hooks: {
        logMethod(args, method) {
          clearStatus();
          method.apply(this, args.map(cleanLogged) as typeof args);
        },
      },
      formatters: { level: (label) => ({ level: label.toUpperCase() }) },
    },
    pino.multistream(streams),
  );
}

/** More of a message is not logged: a config with very many faults is the longest. */
const MOST_LENGTH = 20_000;

/** The fields of a line, or its message: one of several lines has them indented. */
function cleanLogged(logged: unknown): unknown {
  if (typeof logged !== 'string') return cleanStrings(logged);
  return cleanStrings(logged.slice(0, MOST_LENGTH).split('\n')).join('\n  ');
}

async function stderrStream(
  { verbosity, color }: LogTarget,
  open: typeof destination,
): Promise<StreamEntry> {
  const terminal = isTerminal('stderr');
  const level =
    verbosity === 'verbose'
      ? 'debug'
      : verbosity === 'quiet'
        ? 'error'
        : terminal
          ? 'warn'
          : 'info';
  if (!terminal && isJournal(STDERR)) {
    return { level, stream: { write: (line) => writeErr(toJournal(line)) } };
  }
  if (!terminal) {
    const stream = open({ dest: STDERR, sync: true });
    // a reader that has gone away must not end a change half-way
    stream.on('error', () => undefined);
    return { level, stream };
  }
  const { default: pretty } = await import('pino-pretty');
  const stream = pretty({
    colorize: color,
    destination: STDERR,
    sync: true,
    ignore: 'time,event,project,service,from,to,action,result,hold,codes',
  });
  return { level, stream };
}

type Destination = ReturnType<typeof destination>;

/** null: it cannot be written now, which has been told. */
function openFile(file: string, open: typeof destination): Destination | null {
  let isReported = false;
  const report = ({ message }: Error): void => {
    if (!isReported) writeErr(`autoscaler: ${file}: the log file cannot be written: ${message}\n`);
    isReported = true;
  };
  try {
    const stream = open({ dest: openLogFile(file), sync: true });
    stream.on('error', report);
    return stream;
  } catch (error) {
    // what others can put there must not keep a run from its work
    const isForeign = error instanceof Foreign;
    const fault = isForeign ? null : explainFault(file, error as NodeJS.ErrnoException);
    if (fault !== null) throw fault;
    report(error as Error);
    return null;
  }
}

const NO_PERMISSION = ['EACCES', 'EPERM'];
const NO_FILE = ['EISDIR', 'ENOTDIR', 'EEXIST', 'ELOOP', 'ENAMETOOLONG', 'ENXIO'];

/** What only the user can mend; null for what may pass. */
function explainFault(
  file: string,
  { code = '', message }: NodeJS.ErrnoException,
): UserError | null {
  if (NO_PERMISSION.includes(code)) {
    return new UserError(
      EXIT.permission,
      `${file}: the log file cannot be written: ${message}`,
      'Run as root, or set "log_file" in "global" to a file that you may write.',
    );
  }
  if (!NO_FILE.includes(code)) return null;
  return new UserError(
    EXIT.config,
    `${file}: expected a log file: ${message}`,
    'Set "log_file" in "global" to a file, or remove it: the journal has the log too.',
  );
}
