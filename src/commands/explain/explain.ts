import type { GlobalOptions } from '../shared/global-options.ts';
import { findProject } from '../../config/policy/find-project.ts';
import { loadConfig } from '../shared/load-config.ts';
import { findConfigPath } from '../../config/file/read.ts';
import type { Project } from '../../config/schema/schema.ts';
import { retryDelayMs } from '../../decide/limits/brakes.ts';
import { explainDecision } from '../../decide/explain.ts';
import { forecast } from '../../decide/forecast.ts';
import { isFirstLook } from '../../decide/evidence/moments.ts';
import { listThresholds } from '../../decide/evidence/thresholds.ts';
import type { HistoryEntry, Policy } from '../../model/types.ts';
import { historyNeededMs } from '../../decide/evidence/window.ts';
import { EXIT, UserError, type ExitCode } from '../../errors.ts';
import { renderExplanation } from './report.ts';
import type { Explanation } from './types.ts';
import { readScreen } from '../../output/screen.ts';
import { openOutput } from '../../output/terminal.ts';
import { wrapLines } from '../../output/wrap.ts';
import type { Clocks } from '../../model/clocks.ts';
import { readOverview } from '../../targets/systemd/timer.ts';
import { listLimits } from './limits.ts';
import { logWarnings, openCommandLog } from '../shared/log-events.ts';
import { readClocks } from '../../host/clock.ts';
import { readRecorded, type Recorded } from '../shared/recorded.ts';
import { readTrueNames, requireServed } from '../shared/true-names.ts';
import { writeOut } from '../../host/streams.ts';

export interface ExplainOptions extends GlobalOptions {
  project: string;
  json?: boolean;
}

/** The most runs that a forecast looks ahead: each of them is decided. */
const MOST_RUNS = 2000;

/**
 * How the last decision on a project came about, from what was recorded, and what would follow.
 *
 * @throws UserError usage for what is no project, failed where nothing of it was recorded yet
 */
export async function explainCommand(options: ExplainOptions): Promise<ExitCode> {
  const { config, warnings } = await loadConfig(findConfigPath(options.config));
  const log = await openCommandLog(options, null);
  logWarnings(log, warnings);
  const { name } = findProject(options.project, config);
  const named = await readTrueNames(config);
  const project = requireServed(name, named);
  const recorded = await readRecorded(named.config);
  for (const warning of recorded.warnings) log.warn({ event: 'history' }, warning);
  const timerOn = await isTimerOn();
  const explanation = { ...explain(name, project, recorded, readClocks()), timer_on: timerOn };
  if (options.json === true) writeOut(`${JSON.stringify(explanation)}\n`);
  else openOutput(options).write(wrapLines(renderExplanation(explanation), readScreen().columns));
  return EXIT.ok;
}

/** null: there is none, or systemd does not answer. */
async function isTimerOn(): Promise<boolean | null> {
  try {
    const { timer } = await readOverview([]);
    return timer.state === 'not_installed' ? null : timer.state === 'on';
  } catch (error) {
    if (error instanceof UserError) return null;
    throw error;
  }
}

function explain(
  name: string,
  project: Project,
  recorded: Recorded,
  now: Clocks,
): Omit<Explanation, 'timer_on'> {
  const service = project.service_name;
  const { history, intervalMs, sample } = recorded;
  const policy = recorded.policies.find((each) => each.service === service);
  const head = { v: 2 as const, at: new Date(now.ms).toISOString(), project: name, service };
  if (policy === undefined) return { ...head, ...NOTHING, enabled: false };
  const decision = recorded.decisions.get(service);
  const found = sample?.services[service];
  if (sample === null || decision === undefined || found === undefined) {
    const what = sample === null ? 'nothing has been recorded yet' : `no sample of ${name} yet`;
    throw new UserError(EXIT.failed, what, 'Make a run: sudo autoscaler run');
  }
  const ageMs =
    sample.boot === now.boot
      ? Math.max(0, (now.uptimeS - sample.uptime_s) * 1000)
      : Math.max(0, now.ms - Date.parse(sample.at));
  const horizonMs = findHorizonMs(policy, recorded);
  const all = {
    history: [...withoutFirstLook(history), ...recorded.after],
    policiesAt: (afterMs: number) =>
      recorded.policiesAt(now.ms - ageMs + afterMs).filter((each) => each.service === service),
  };
  const next = forecast({ ...all, checkIntervalMs: intervalMs }, service, horizonMs);
  const { action, from, to, wanted, hold, reasons } = decision;
  return {
    ...head,
    enabled: true,
    sample_at: new Date(now.ms - ageMs).toISOString(),
    age_s: Math.round(ageMs / 1000),
    workers: found.workers,
    running: found.running ?? null,
    metrics: listThresholds({ history, checkIntervalMs: intervalMs }, policy).map((metric) => ({
      ...metric,
      first_look: isFirstLook(sample, metric.metric),
      thresholds: metric.thresholds.map(({ heldMs, neededMs, ...rest }) => ({
        ...{ ...rest, held_s: heldMs / 1000, needed_s: neededMs / 1000 },
      })),
    })),
    limits: listLimits(policy, sample, decision),
    ...{ action, from, to, wanted, hold },
    codes: reasons.map(({ code }) => code),
    reason: explainDecision(decision),
    since: recorded.after
      .filter((each) => each.service === service)
      .map(({ at, action: made, from: was, to: is, result, reason }) => {
        return { at, action: made, from: was, to: is, result, reason };
      }),
    next:
      next === null
        ? null
        : {
            at: new Date(now.ms - ageMs + next.afterMs).toISOString(),
            in_s: Math.round((next.afterMs - ageMs) / 1000),
            to: next.decision.to,
            reason: explainDecision(next.decision),
          },
    horizon_s: horizonMs / 1000,
  };
}

/** A first look goes on as nothing: what is foretold from it would not come. */
function withoutFirstLook(history: readonly HistoryEntry[]): HistoryEntry[] {
  return history.map((entry) =>
    entry.kind === 'sample' && isFirstLook(entry, 'cpu')
      ? { ...entry, host: { ...entry.host, cpu_percent: null } }
      : entry,
  );
}

/** What is said of a project that is not looked at. */
const NOTHING = {
  ...{ sample_at: null, age_s: null, workers: null, running: null, metrics: [], limits: [] },
  ...{ action: 'none' as const, from: null, to: null, wanted: null, hold: 'disabled' as const },
  ...{ codes: [], reason: null, since: [], next: null, horizon_s: 0 },
};

/** All that may have to be waited for: the longest duration, cooldown and warm-up, and the delay after failures. */
function findHorizonMs(policy: Policy, { intervalMs, sample }: Recorded): number {
  const { cooldownMs = { up: 0, down: 0 }, warmupMs = 0 } = policy.brakes ?? {};
  const failures = sample?.brakes?.[policy.service]?.failures ?? 0;
  const waitMs =
    historyNeededMs([policy], intervalMs) +
    Math.max(cooldownMs.up, cooldownMs.down) +
    warmupMs +
    (failures > 0 ? retryDelayMs(failures) : 0);
  return Math.min(waitMs, MOST_RUNS * intervalMs);
}
