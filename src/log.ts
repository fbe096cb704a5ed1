import pino, { type Logger, type StreamEntry } from 'pino';
import { UserError, EXIT } from './errors.ts';

type Destination = ReturnType<typeof pino.destination>;

/** How much is said on stderr: `quiet` errors alone, `verbose` debug too. */
export type Verbosity = 'quiet' | 'normal' | 'verbose';

export interface LogTarget {
  /** appended to as JSON lines, whatever the verbosity; null: no file */
  file: string | null;
  verbosity: Verbosity;
  color: boolean;
}

/**
 * The log: JSON lines in `file` and, where stderr is no terminal, on stderr; lines for people on a
 * terminal (there only warnings and errors, unless verbose: the result on stdout tells the rest).
 * Each line has `level` in words (`INFO`, `WARN`, `ERROR`), `event` and `msg`.
 * Synchronous: a oneshot must not lose its last line. A line that cannot be written (the disk is full,
 * nobody reads stderr any more) stops no work.
 *
 * @throws UserError permission where the log file cannot be opened, unless the disk is at fault
 */
export async function openLog(target: LogTarget): Promise<Logger> {
  const streams: StreamEntry[] = [await stderrStream(target)];
  if (target.file !== null) {
    const stream = openFile(target.file);
    if (stream !== null) streams.push({ level: 'info', stream });
  }
  return pino(
    {
      level: target.verbosity === 'verbose' ? 'debug' : 'info',
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label.toUpperCase() }) },
    },
    pino.multistream(streams),
  );
}

async function stderrStream({ verbosity, color }: LogTarget): Promise<StreamEntry> {
  const terminal = process.stderr.isTTY;
  const level =
    verbosity === 'verbose'
      ? 'debug'
      : verbosity === 'quiet'
        ? 'error'
        : terminal
          ? 'warn'
          : 'info';
  if (!terminal) {
    return { level, stream: survive(pino.destination({ fd: 2, sync: true }), () => {}) };
  }
  const { default: pretty } = await import('pino-pretty');
  const stream = pretty({
    colorize: color,
    destination: 2,
    sync: true,
    ignore: 'time,event,project,service,from,to,action,result,hold,codes',
  });
  return { level, stream };
}

function openFile(file: string): Destination | null {
  const complain = (error: Error) =>
    process.stderr.write(`autoscaler: ${file}: the log file cannot be written: ${error.message}\n`);
  try {
    // 0640: reasons may name services and brokers, which are nobody else's business
    const stream = pino.destination({
      ...{ dest: file, append: true, sync: true, mkdir: true, mode: 0o640 },
    });
    return survive(stream, complain);
  } catch (error) {
    if (isFaultOfDisk(error as NodeJS.ErrnoException)) {
      complain(error as Error);
      return null;
    }
    throw new UserError(
      EXIT.permission,
      `${file}: the log file cannot be written: ${(error as Error).message}`,
      'Run as root, or set "log_file" in "global" to a file that you may write.',
    );
  }
}

function isFaultOfDisk({ code }: NodeJS.ErrnoException): boolean {
  return ['ENOSPC', 'EDQUOT', 'EROFS', 'EIO'].includes(code ?? '');
}

/** Without a listener a line that cannot be written would end the program; a broken pipe is pino's own to ignore. */
function survive(stream: Destination, complain: (error: Error) => void): Destination {
  let told = false;
  stream.on('error', (error: Error) => {
    if (!told) complain(error);
    told = true;
  });
  return stream;
}
