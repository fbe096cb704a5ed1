import pino, { type Logger, type StreamEntry } from 'pino';
import { UserError, EXIT } from './errors.ts';

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
 * Synchronous: a oneshot must not lose its last line.
 *
 * @throws UserError permission where the log file cannot be opened
 */
export async function openLog(target: LogTarget): Promise<Logger> {
  const streams: StreamEntry[] = [await stderrStream(target)];
  if (target.file !== null) streams.push({ level: 'info', stream: openFile(target.file) });
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
  if (!terminal) return { level, stream: pino.destination({ fd: 2, sync: true }) };
  const { default: pretty } = await import('pino-pretty');
  const stream = pretty({
    colorize: color,
    destination: 2,
    sync: true,
    ignore: 'time,event,project,service,from,to,action,result,hold,codes',
  });
  return { level, stream };
}

function openFile(file: string): ReturnType<typeof pino.destination> {
  try {
    // 0640: reasons may name services and brokers, which are nobody else's business
    return pino.destination({ dest: file, append: true, sync: true, mkdir: true, mode: 0o640 });
  } catch (error) {
    throw new UserError(
      EXIT.permission,
      `${file}: the log file cannot be written: ${(error as Error).message}`,
      'Run as root, or set "log_file" in "global" to a file that you may write.',
    );
  }
}
