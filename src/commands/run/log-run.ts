import type { Logger } from 'pino';
import { formatFault, type Fault } from '../../config/file/fault.ts';
import type { Sample } from '../../model/types.ts';
import { formatCount } from '../../model/wording.ts';
import type { RunReport, ServiceReport } from './run-report.ts';
import { isNews } from '../../state/reported.ts';
import { isTerminal } from '../../host/streams.ts';
import { logWarnings } from '../shared/log-events.ts';

const HOUR_MS = 3_600_000;

/** Whether this run is the first of its hour, or the first ever: such a run says once what holds for many runs. */
export function isFirstOfHour(previous: Sample | null, nowMs: number): boolean {
  if (previous === null) return true;
  return Math.floor(Date.parse(previous.at) / HOUR_MS) !== Math.floor(nowMs / HOUR_MS);
}

/** Reports what is odd in a config: once an hour, whenever it changes, and every time to people at a terminal. */
export function reportConfig(warnings: readonly Fault[], stateDir: string, log: Logger): void {
  if (warnings.length === 0) return;
  const hour = Math.floor(Date.now() / HOUR_MS);
  const text = [hour, ...warnings.map(formatFault)].join('\n');
  if (isTerminal('stderr') || isNews(stateDir, 'config', text)) logWarnings(log, warnings);
}

/**
 * Logs what is new about services that were not changed: the event `held` when something begins to hold a wanted change
 * back, and the event `summary` once an hour. Everything else about them is in the lines with the event `none`.
 */
export function reportRun(log: Logger, report: RunReport, previous: Sample | null): void {
  for (const service of report.services) {
    const { hold, wanted, error } = service;
    if (hold === null || wanted === null || error !== null) continue;
    const before = previous?.services[service.service]?.hold ?? null;
    if (before === hold) continue;
    const fields = { event: 'held', project: service.project, service: service.service, hold };
    log.info(fields, `${service.project}: ${service.reason}`);
  }
  if (!isFirstOfHour(previous, Date.parse(report.at))) return;
  log.info({ event: 'summary' }, summarize(report.services));
}

function summarize(services: readonly ServiceReport[]): string {
  const states = services.map((service) => `${service.project} ${describeState(service)}`);
  const what = formatCount(services.length, 'service');
  return `${what} (reported once an hour; why: autoscaler explain PROJECT): ${states.join(', ')}`;
}

function describeState({ hold, error, applied, to, workers, wanted }: ServiceReport): string {
  if (error !== null) return 'could not be handled';
  if (hold === 'disabled' || hold === 'not_running') return hold.replace('_', ' ');
  const now = (applied ? to : workers) ?? '?';
  const count = now === 1 ? '1 worker' : `${now} workers`;
  return hold === null || wanted === null ? count : `${count} (${wanted} wanted, held)`;
}
