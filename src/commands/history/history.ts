import type { GlobalOptions } from '../shared/global-options.ts';
import { loadConfig } from '../shared/load-config.ts';
import { findConfigPath } from '../../config/file/read.ts';
import { EXIT, type ExitCode } from '../../errors.ts';
import { renderCsv } from './csv.ts';
import { renderHistory } from './report.ts';
import { readScreen } from '../../output/screen.ts';
import { openOutput } from '../../output/terminal.ts';
import { logWarnings, openCommandLog } from '../shared/log-events.ts';
import { readSeries, type RecordedSeries } from '../shared/recorded-series.ts';
import { writeOut } from '../../host/streams.ts';

export interface HistoryOptions extends GlobalOptions {
  /** milliseconds since 1970 */
  since: number;
  project?: string;
  json?: boolean;
  csv?: boolean;
}

/** Samples and changes of a time, for people or for programs. */
export async function historyCommand(options: HistoryOptions): Promise<ExitCode> {
  const { config, warnings } = await loadConfig(findConfigPath(options.config));
  const log = await openCommandLog(options, null);
  logWarnings(log, warnings);
  const series = await readSeries(config, options.since, options.project);
  for (const warning of series.warnings) log.warn({ event: 'history' }, warning);
  if (options.json === true) writeOut(`${JSON.stringify(toDocument(series))}\n`);
  else if (options.csv === true) writeOut(renderCsv(series));
  else {
    const out = openOutput(options);
    out.write(renderHistory(series, readScreen(), out));
  }
  return EXIT.ok;
}

/** The document of `history --json`: the lines of the history, their moments made right, other projects left out. */
function toDocument({
  sinceMs,
  toMs,
  samples,
  changes,
  projects,
  warnings,
}: RecordedSeries): object {
  const services = projects.map(({ service }) => service);
  const toIso = (ms: number): string => new Date(ms).toISOString();
  return {
    v: 2,
    since: toIso(sinceMs),
    until: toIso(toMs),
    projects: projects.map(({ project, service }) => ({ project, service })),
    samples: samples.map(({ atMs, sample }) => ({
      at: toIso(atMs),
      ...{ boot: sample.boot, uptime_s: sample.uptime_s, span_s: sample.span_s },
      host: sample.host,
      services: Object.fromEntries(
        Object.entries(sample.services).filter(([service]) => services.includes(service)),
      ),
    })),
    changes: changes.map(({ atMs, project, service, action, from, to, result, reason }) => ({
      ...{ at: toIso(atMs), project, service, action, from, to, result, reason },
    })),
    warnings,
  };
}
