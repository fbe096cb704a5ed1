import { formatCount } from '../../model/wording.ts';
import { closeSync, readSync } from 'node:fs';
import { hostname } from 'node:os';
import type { GlobalOptions } from '../shared/global-options.ts';
import { loadConfig } from '../shared/load-config.ts';
import { findConfigPath } from '../../config/file/read.ts';
import { EXIT, UserError, type ExitCode } from '../../errors.ts';
import { replaceOutput } from '../../host/files/output.ts';
import { reopen } from '../../host/files/read.ts';
import { walkPath } from '../../host/files/walk.ts';
import { REPORT_MARK, renderHtmlReport } from './html-report.ts';
import { openOutput } from '../../output/terminal.ts';
import { logWarnings, openCommandLog } from '../shared/log-events.ts';
import { readSeries } from '../shared/recorded-series.ts';
import { writeOut } from '../../host/streams.ts';

export interface ReportOptions extends GlobalOptions {
  /** milliseconds since 1970 */
  since: number;
  project?: string;
  /** `-`: standard output */
  output: string;
  force?: boolean;
}

/**
 * Writes one HTML page of all that was recorded in a time. An older report is replaced, any other file only with --force.
 *
 * @throws UserError permission where it may not be written, usage where another file stands there
 */
export async function reportCommand(options: ReportOptions): Promise<ExitCode> {
  const { config, warnings } = await loadConfig(findConfigPath(options.config));
  const log = await openCommandLog(options, null);
  logWarnings(log, warnings);
  const { output } = options;
  if (output !== '-' && options.force !== true) requireReplaceable(output);
  const series = await readSeries(config, options.since, options.project);
  for (const warning of series.warnings) log.warn({ event: 'history' }, warning);
  const html = renderHtmlReport(series, hostname());
  if (output === '-') writeOut(html);
  else {
    // whoever has the page open never loads half of it
    explaining(output, () => replaceOutput(output, html, null));
    const { samples, changes } = series;
    const size = `${Math.ceil(Buffer.byteLength(html) / 1000)} kB`;
    openOutput(options).write(
      `${output}: ${formatCount(samples.length, 'sample')}, ${formatCount(changes.length, 'change')}, ${size}\n`,
    );
  }
  return EXIT.ok;
}

/** Nothing stands there, or a report of ours. */
function requireReplaceable(path: string): void {
  const isFree = explaining(path, () =>
    walkPath(path, ({ file, below }) => {
      if (file === null) return below.length > 0;
      return file.stat.isFile() && (file.stat.size === 0 || isReport(file.fd));
    }),
  );
  if (isFree) return;
  throw new UserError(
    EXIT.usage,
    `${path} already exists and is not a report`,
    'Choose another name, or replace it with --force.',
  );
}

function isReport(name: number): boolean {
  const fd = reopen(name);
  try {
    const found = Buffer.alloc(REPORT_MARK.length);
    return readSync(fd, found) > 0 && found.toString('latin1') === REPORT_MARK;
  } finally {
    closeSync(fd);
  }
}

function explaining<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw explainFault(path, error as NodeJS.ErrnoException);
  }
}

function explainFault(path: string, { code, message }: NodeJS.ErrnoException): UserError {
  const refused = ['EACCES', 'EPERM', 'EROFS', 'ENOENT', 'ENOTDIR', 'EISDIR', 'EEXIST'];
  const exitCode = refused.includes(code ?? '') ? EXIT.permission : EXIT.failed;
  return new UserError(
    exitCode,
    `${path}: the report cannot be written: ${message}`,
    'Choose a file that you may write: --output FILE',
  );
}
