import type { GlobalOptions } from '../shared/global-options.ts';
import { formatFault } from '../../config/file/fault.ts';
import { loadConfig } from '../shared/load-config.ts';
import { loadConfigIfAny } from '../shared/load-config.ts';
import { findConfigPath } from '../../config/file/read.ts';
import type { Config } from '../../config/schema/schema.ts';
import { RATE_WINDOW_S } from '../../metrics/rates.ts';
import type { HistoryEntry, Sample } from '../../model/types.ts';
import { EXIT, UserError, type ExitCode } from '../../errors.ts';
import { isFault } from '../../model/measure-error.ts';
import { takeSample } from '../../measure/sample.ts';
import { renderMetrics } from './report.ts';
import { openOutput } from '../../output/terminal.ts';
import { readRecent, type Recent } from '../../state/history.ts';
import { recallUnits } from '../../state/cache.ts';
import { TARGET } from '../../targets/registry.ts';
import { warn } from '../shared/log-events.ts';
import {
  isHostMetric,
  measureHostMetric,
  measureProjectMetric,
  type Measured,
} from './single-metric.ts';
import { readServices, tellTwin } from '../shared/true-names.ts';
import { writeOut } from '../../host/streams.ts';

export interface MetricsOptions extends GlobalOptions {
  metric: string;
  target?: string | undefined;
  json?: boolean;
}

/**
 * What is measured now. A single metric prints a bare number, so that scripts can use it, and measures
 * nothing else; where it is not known, nothing is printed and the exit code is 1.
 */
export async function metricsCommand(options: MetricsOptions): Promise<ExitCode> {
  const { metric, target } = options;
  if (metric !== 'all' && isHostMetric(metric)) {
    requireNoTarget(metric, target);
    const config = await loadConfigIfAny(options.config);
    const { entries, warnings } = readHistory(config, 0);
    await warn(options, 'history', warnings);
    const previous = newestSample(entries);
    return printOne(options, await measureHostMetric(metric, previous));
  }
  if (metric === 'all') requireNoTarget(metric, target);
  const { config, warnings } = await loadConfig(findConfigPath(options.config));
  if (metric !== 'all') {
    let unread: string[] = [];
    const measured = await measureProjectMetric(metric, target, config, () => {
      const { entries, warnings: not } = readHistory(config, RATE_WINDOW_S * 1000);
      unread = not;
      return entries;
    });
    if (measured.value === null) await warn(options, 'history', unread);
    return printOne(options, measured);
  }
  await warn(options, 'config', warnings.map(formatFault));
  return measureAll(options, config);
}

function requireNoTarget(metric: string, target: string | undefined): void {
  if (target === undefined) return;
  throw new UserError(
    EXIT.usage,
    `metrics ${metric} is for the whole host: expected no project, found ${JSON.stringify(target)}`,
    'For example: autoscaler metrics workers shop',
  );
}

function printOne({ json }: MetricsOptions, { metric, value, error }: Measured): ExitCode {
  if (json === true) writeOut(`${JSON.stringify({ [metric]: value, error })}\n`);
  else if (value !== null) writeOut(`${value}\n`);
  if (value !== null) return EXIT.ok;
  throw new UserError(EXIT.failed, `${metric} is unknown: ${error?.text ?? 'not measured'}`);
}

/**
 * The sample since which CPU is averaged. Without root the history may be out of reach: half a second of
 * now is then better than nothing. As root, one that cannot be trusted stays an error.
 */
function readHistory({ global }: Config, neededMs: number): Recent {
  try {
    return { entries: readRecent(global.state_dir, neededMs).entries, warnings: [] };
  } catch (error) {
    if (!(error instanceof UserError) || process.geteuid?.() === 0) throw error;
    return {
      entries: [],
      warnings: [`${error.message}: without earlier samples, cpu is measured over half a second`],
    };
  }
}

function newestSample(history: readonly HistoryEntry[]): Sample | null {
  return history.findLast((entry) => entry.kind === 'sample') ?? null;
}

async function measureAll(options: MetricsOptions, written: Config): Promise<ExitCode> {
  const memory = TARGET.remember(recallUnits(written.global.state_dir));
  const named = await readServices(written).catch((error: unknown) => {
    // without systemd the host and the queues can still be measured
    if (error instanceof UserError) return error;
    throw error;
  });
  const { config, units, twins } =
    named instanceof UserError ? { config: written, units: new Map(), twins: [] } : named;
  await warn(options, 'metrics', twins.map(tellTwin));
  const { entries: history, warnings } = readHistory(config, RATE_WINDOW_S * 1000);
  await warn(options, 'history', warnings);
  const previous = newestSample(history);
  const input = { config, units, previous, history, memory };
  const { sample } = await takeSample({ ...input, wantsAll: true });
  const { at, span_s, host, services: measured } = sample;
  if (options.json === true) {
    writeOut(`${JSON.stringify({ at, span_s, host, services: measured })}\n`);
  } else {
    openOutput(options).write(renderMetrics(config, sample));
  }
  if (named instanceof UserError) throw named;
  const errors = [host.errors, ...Object.values(measured).map((service) => service.errors)];
  const faults = errors.flatMap((each) => Object.values(each ?? {})).filter(isFault);
  return faults.length > 0 ? EXIT.failed : EXIT.ok;
}
