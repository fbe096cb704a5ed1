import { readdirSync } from 'node:fs';
import type { Unfinished } from '../../act/foresee.ts';
import type { Manifest } from '../../act/journal/manifest.ts';
import { readLimits } from '../../config/policy/limits-at.ts';
import type { Config } from '../../config/schema/schema.ts';
import { addHolds, type HoldCounts } from '../../decide/holds.ts';
import type { ActionRecord } from '../../model/types.ts';
import { UserError } from '../../errors.ts';
import { toUserError } from '../../host/fault.ts';
import { TARGET } from '../../targets/registry.ts';
import type { KnownService } from '../../targets/target.ts';
import type { PendingStatus, StatusReport } from './types.ts';
import type { Clocks } from '../../model/clocks.ts';
import { visitSince } from '../../state/history.ts';
import { readOverview, type Overview } from '../../targets/systemd/timer.ts';
import { describeTimer } from '../timer/describe.ts';
import { readClocks } from '../../host/clock.ts';
import { readRecorded, type Recorded } from '../shared/recorded.ts';
import { describeService } from './service.ts';
import { renameServices, tellTwin } from '../shared/true-names.ts';
import { recallUnits } from '../../state/cache.ts';

const DAY_MS = 24 * 3_600_000;

/** A change of ours may be one of these: a Celery worker is asked to end, and `Restart=` starts it. */
const MANY_RESTARTS = 3;

/** Holds that are always told, also where they never stood in the way. */
const USUAL_HOLDS = ['duration', 'memory', 'cooldown', 'paused', 'at_limit'];

/**
 * All that `status` tells: what was recorded, one question to systemd, the journal. Nothing is measured.
 *
 * @throws UserError permission or failed where the history cannot be read or not be trusted
 */
export async function gatherStatus(written: Config): Promise<Omit<StatusReport, 'example'>> {
  const now = readClocks();
  const names = Object.values(written.projects).map(({ service_name: service }) => service);
  const overview = await tryOverview(names);
  const ids = 'error' in overview ? new Map<string, string>() : overview.ids;
  const { config, twins } = renameServices(written, ids);
  const projects = Object.entries(config.projects);
  const limits = await Promise.all(
    projects.map(([, project]) => readLimits(project, new Date(now.ms))),
  );
  const recorded = await readRecorded(config);
  const day = readDay(config.global.state_dir, now);
  const { pending, notes } = await readPending(config);
  const { sample } = recorded;
  const lastSample = describeAge(recorded, now);
  return {
    v: 2,
    at: new Date(now.ms).toISOString(),
    timer: describeTimer(overview, now, lastSample?.this_boot === true ? lastSample.at : null),
    last_sample: lastSample,
    check_interval_s: config.global.check_interval_seconds,
    host: sample === null ? null : pickHost(sample.host),
    services: projects.map(([name, project], index) => {
      const service = project.service_name;
      const asked = written.projects[name]?.service_name ?? service;
      const active = 'error' in overview ? null : (overview.active.get(asked) ?? null);
      const changed = day.changes.findLast((each) => each.service === service);
      return describeService(name, project, recorded, {
        ...{ active, changed, pending: pending.get(service) ?? null, limits: limits[index]! },
      });
    }),
    last_day: describeDay(day),
    notes: [
      ...new Set([
        ...recorded.warnings,
        ...day.warnings,
        ...('error' in overview ? [] : tellRestarts(overview, recorded, now)),
        ...notes,
        ...twins.map(tellTwin),
        ...tellStale(config),
      ]),
    ],
  };
}

/** Of what the last run has seen: drop-ins of ours that stand in the way of an edit. */
function tellStale({ projects, global }: Config): string[] {
  const units = recallUnits<KnownService>(global.state_dir);
  return Object.values(projects).flatMap(({ service_name: service }) => {
    const known = units[service];
    const location = known?.facts.location;
    if (location?.how !== 'known' || !location.stale || !TARGET.isCurrent(known!)) return [];
    return [
      `${service}: the unit was edited below our drop-in, which overrides the edit until a run renews it`,
    ];
  });
}

function pickHost(
  host: NonNullable<Recorded['sample']>['host'],
): NonNullable<StatusReport['host']> {
  const { cpu_percent, memory_available_mb, memory_total_mb = null } = host;
  return { cpu_percent, memory_available_mb, memory_total_mb };
}

function describeAge({ sample }: Recorded, now: Clocks): StatusReport['last_sample'] {
  if (sample === null) return null;
  const isThisBoot = sample.boot === now.boot && sample.uptime_s <= now.uptimeS;
  const ageMs = isThisBoot
    ? (now.uptimeS - sample.uptime_s) * 1000
    : Math.max(0, now.ms - Date.parse(sample.at));
  const at = new Date(now.ms - ageMs).toISOString();
  return { at, age_s: Math.round(ageMs / 1000), this_boot: isThisBoot };
}

/** What of the last 24 hours is reported. */
interface Day {
  runs: number;
  /** oldest first, with the moments that the boot clock gives */
  changes: ActionRecord[];
  held: HoldCounts;
  warnings: string[];
}

/** Counts while it reads: the samples of a day are many, and nothing of them is kept. */
function readDay(stateDir: string, now: Clocks): Day {
  const changes: ActionRecord[] = [];
  const held: HoldCounts = {};
  let runs = 0;
  const warnings = visitSince(stateDir, now.ms - DAY_MS, now, ({ atMs, entry }) => {
    if (entry.kind === 'action') changes.push({ ...entry, at: new Date(atMs).toISOString() });
    else {
      runs++;
      addHolds(held, entry);
    }
  });
  return { runs, changes: changes.reverse(), held, warnings };
}

function describeDay({ runs, changes, held }: Day): StatusReport['last_day'] {
  const count = (isOne: (change: ActionRecord) => boolean): number => changes.filter(isOne).length;
  const made = (action: string) => (change: ActionRecord) =>
    change.result === 'applied' && change.action === action;
  const [up, down] = [count(made('scale_up')), count(made('scale_down'))];
  const failed = count(({ result }) => result !== 'applied');
  return {
    runs,
    held: { ...Object.fromEntries(USUAL_HOLDS.map((hold) => [hold, 0])), ...held },
    changes: { up, down, other: changes.length - up - down - failed, failed },
  };
}

/** What is to be said of services that end by themselves: now, or several times since the last run looked. */
function tellRestarts(
  { restarting, restarts, ids }: Overview,
  { sample }: Recorded,
  { boot }: Clocks,
): string[] {
  return [...restarts].flatMap(([name, times]) => {
    const service = ids.get(name) ?? name;
    const then = sample?.boot === boot ? sample.services[service]?.auto_restarts : null;
    const more = typeof then === 'number' ? times - then : 0;
    const told =
      restarting.get(name) ??
      (more < MANY_RESTARTS
        ? null
        : `it keeps exiting: systemd has restarted it ${more} times since the last run`);
    return told === null ? [] : [`${service}: ${told}; see journalctl -u ${service} -n 50`];
  });
}

/** Without systemd the rest can still be shown. */
async function tryOverview(services: string[]): Promise<Overview | { error: string }> {
  try {
    return await readOverview(services);
  } catch (error) {
    if (error instanceof UserError) return { error: error.message };
    throw error;
  }
}

/** The changes in progress by service; backups are root's alone, so that others are only told. */
async function readPending(
  config: Config,
): Promise<{ pending: Map<string, PendingStatus>; notes: string[] }> {
  const pending = new Map<string, PendingStatus>();
  const notes: string[] = [];
  if (!mayHavePending(config.global.backup_dir)) return { pending, notes };
  // seldom needed, and not small
  const { listPending } = await import('../../act/journal/journal.ts');
  try {
    const found = await listPending(config.global.backup_dir);
    const next = found.length === 0 ? [] : await foreseeQuietly(config);
    for (const { folder, manifest } of found) {
      if ('fault' in manifest) notes.push(`${folder}: a change in progress cannot be read`);
      else {
        const own = next.find(({ service }) => service === manifest.service);
        pending.set(manifest.service, toPending(manifest, own?.next ?? null));
      }
    }
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    notes.push(`changes in progress are unknown: ${error.message}`);
  }
  return { pending, notes };
}

/** true also where the journal cannot be listed: it says why itself. */
function mayHavePending(backupDir: string): boolean {
  try {
    return readdirSync(`${backupDir}/changes`).some((name) => name.endsWith('.pending'));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENOENT';
  }
}

/** Where systemd does not answer the rest is reported all the same. */
async function foreseeQuietly(config: Config): Promise<Unfinished[]> {
  const { readUnfinished } = await import('../shared/unfinished.ts');
  try {
    return await readUnfinished(config);
  } catch (error) {
    if (toUserError(error) === null) throw error;
    return [];
  }
}

function toPending(
  { action, from, to, at, drain, undo_because }: Manifest,
  next: PendingStatus['next'],
): PendingStatus {
  const since = drain?.since ?? at;
  const how = { draining: drain !== null, undoing: undo_because !== null, next };
  return { action, from, to, since, ...how };
}
