import type { Logger } from 'pino';
import type { Config } from '../../config/schema/schema.ts';
import { noteHolds } from '../../decide/holds.ts';
import { requireGoing } from '../../host/phase.ts';
import { appendEntries } from '../../state/history.ts';
import { recommendLive } from '../shared/live.ts';
import { logIdle } from '../shared/log-events.ts';
import type { TrueNames } from '../shared/true-names.ts';
import { keepUnits } from '../../state/cache.ts';
import type { Past } from './measure-and-decide.ts';
import { reportDisabled, reportTwin } from './report-decision.ts';
import type { RunReport, ServiceReport } from './run-report.ts';
import type { Look, Served } from './serve-all.ts';
import { reportHiddenTasks } from './log-hidden.ts';
import { tellLacks } from './log-lacks.ts';
import { isFirstOfHour, reportRun } from './log-run.ts';

/** Records what was measured and decided, before anything is changed. */
export async function recordLook(
  { measured: { sample }, decisions }: Look,
  { cache }: Past,
  { config, log }: { config: Config; log: Logger },
): Promise<void> {
  const { state_dir: stateDir } = config.global;
  requireGoing();
  appendEntries(stateDir, [noteHolds(sample, decisions)]);
  tellLacks(sample, stateDir, log);
  await reportHiddenTasks(config, sample, log);
  keepUnits(stateDir, cache);
}

/** The report of a run: every project of the config, in its order. */
export function toReport(
  { measured: { sample } }: Look,
  { services, hasFailed }: Served,
  { config, twins }: TrueNames,
  { isDry, log }: { isDry: boolean; log: Logger },
): RunReport {
  const disabled = Object.entries(config.projects).filter(([, { enabled }]) => !enabled);
  return {
    ...{ at: sample.at, dry_run: isDry, host: sample.host },
    services: [
      ...inOrder(services, config),
      ...twins.map((twin) => logIdle(log, reportTwin(twin))),
      ...disabled.map(([project, { service_name }]) => reportDisabled(project, service_name)),
    ],
    ...(hasFailed && { failed: true }),
  };
}

/** What only a dry run reports: what the next run would do first, and a hint, which it repeats each time. */
export async function completeDry(report: RunReport, config: Config): Promise<RunReport> {
  const { readUnfinished } = await import('../shared/unfinished.ts');
  const unfinished = await readUnfinished(config);
  const hint = recommendLive(config, report.services, true);
  return {
    ...report,
    ...(unfinished.length > 0 && { unfinished }),
    ...(hint !== null && { hint }),
  };
}

/** What a run reports and writes when it ends. */
export async function conclude(
  report: RunReport,
  { measured: { sample }, policies }: Look,
  { previous }: Past,
  { config, log }: { config: Config; log: Logger },
): Promise<RunReport> {
  const { textfile, state_dir: stateDir } = config.global;
  reportRun(log, report, previous);
  if (textfile !== undefined) {
    const { writeTextfile } = await import('./textfile.ts');
    requireGoing();
    writeTextfile(textfile, stateDir, { report, sample, policies }, log);
  }
  const hint = recommendLive(config, report.services, false);
  if (hint === null) return report;
  if (isFirstOfHour(previous, Date.parse(sample.at))) log.info({ event: 'hint' }, hint);
  return { ...report, hint };
}

/** In the order of the config, since the order in which services finish differs from run to run. */
function inOrder(services: readonly ServiceReport[], { projects }: Config): ServiceReport[] {
  const names = Object.keys(projects);
  return services.toSorted((a, b) => names.indexOf(a.project) - names.indexOf(b.project));
}
