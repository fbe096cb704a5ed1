import type { GlobalOptions } from '../cli.ts';
import { loadConfig } from '../config/load.ts';
import { findConfigPath } from '../config/read.ts';
import type { Config } from '../config/schema.ts';
import type { Sample } from '../decide/types.ts';
import { EXIT, UserError, type ExitCode } from '../errors.ts';
import { takeSample } from '../measure/sample.ts';
import { renderMetrics } from '../output/metrics-report.ts';
import { openOutput } from '../output/terminal.ts';
import { readRecent } from '../state/history.ts';
import { readUnits } from '../systemd/units.ts';
import { logWarnings, openCommandLog } from './log-events.ts';

export interface MetricsOptions extends GlobalOptions {
  metric: string;
  target?: string | undefined;
  json?: boolean;
}

/** What is measured now. A single metric prints a bare number, so that scripts can use it; unknown prints nothing and is 1. */
export async function metricsCommand(options: MetricsOptions): Promise<ExitCode> {
  const { config, warnings } = await loadConfig(findConfigPath(options.config));
  const log = await openCommandLog(options, null);
  logWarnings(log, warnings);
  const services = Object.values(config.projects)
    .filter(({ enabled }) => enabled)
    .map(({ service_name }) => service_name);
  const units = await readUnits(services);
  const { entries } = readRecent(config.global.state_dir, 0);
  const previous = entries.findLast((entry) => entry.kind === 'sample') ?? null;
  const { sample } = await takeSample({ config, units, previous });
  if (options.metric === 'all') return printAll(options, config, sample);
  const { key, value, error } = pickMetric(options, config, sample);
  if (options.json === true) process.stdout.write(`${JSON.stringify({ [key]: value, error })}\n`);
  else if (value !== null) process.stdout.write(`${value}\n`);
  if (value !== null) return EXIT.ok;
  throw new UserError(EXIT.failed, `${key} is not known: ${error ?? 'not measured'}`);
}

function printAll(options: MetricsOptions, config: Config, sample: Sample): ExitCode {
  const { at, span_s, host, services } = sample;
  if (options.json === true) {
    process.stdout.write(`${JSON.stringify({ at, span_s, host, services })}\n`);
  } else {
    openOutput(options).write(renderMetrics(config, sample));
  }
  const errors = [host.errors, ...Object.values(services).map((service) => service.errors)];
  return errors.some((error) => error !== undefined) ? EXIT.failed : EXIT.ok;
}

interface Picked {
  key: string;
  value: number | null;
  error: string | null;
}

function pickMetric(options: MetricsOptions, config: Config, { host, services }: Sample): Picked {
  const { metric: key, target } = options;
  const error = (name: string): string | null => host.errors?.[name] ?? null;
  const availableMb = host.memory_available_mb;
  switch (key) {
    case 'cpu':
      return { key, value: host.cpu_percent, error: error('cpu_percent') };
    case 'memory':
      return { key, value: availableMb, error: error('memory_available_mb') };
    case 'memory_percent': {
      const totalMb = host.memory_total_mb ?? null;
      const isKnown = availableMb !== null && totalMb !== null && totalMb > 0;
      const value = isKnown ? Math.round((1 - availableMb / totalMb) * 1000) / 10 : null;
      return { key, value, error: error('memory_available_mb') };
    }
    case 'celery_queue': {
      const found =
        services[pickService(key, target, config, (project) => project.broker_url !== undefined)];
      return {
        key,
        value: found?.queue_length ?? null,
        error: found?.errors?.['queue_length'] ?? null,
      };
    }
    default: {
      const found = services[pickService(key, target, config, () => true)];
      return { key, value: found?.workers ?? null, error: found?.errors?.['workers'] ?? null };
    }
  }
}

/** The service that is meant: named by project or unit, or the only one that has such a metric. */
function pickService(
  metric: string,
  target: string | undefined,
  config: Config,
  has: (project: Config['projects'][string]) => boolean,
): string {
  const candidates = Object.entries(config.projects).filter(
    ([, project]) => project.enabled && has(project),
  );
  const names = candidates.map(([name]) => name);
  const isMeant = ([name, { service_name: service }]: (typeof candidates)[number]): boolean =>
    target === undefined || [name, service, service.replace(/\.service$/, '')].includes(target);
  const [first, second] = candidates.filter(isMeant);
  if (first !== undefined && second === undefined) return first[1].service_name;
  const expected = `expected one of: ${names.join(', ') || '(no enabled project has it)'}`;
  throw new UserError(
    EXIT.usage,
    target === undefined
      ? `metrics ${metric}: of which project? ${expected}`
      : `metrics ${metric} ${target}: no such project; ${expected}`,
    `For example: autoscaler metrics ${metric} ${names[0] ?? 'PROJECT'}`,
  );
}
