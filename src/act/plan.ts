import { kindNamed } from '../kinds/registry.ts';
import type { ApplyMode } from '../model/change.ts';
import type { Decision, KindName, Reason } from '../model/types.ts';
import type { FileChange } from '../model/change.ts';
import type { Plan } from './types.ts';

/** What a plan is made of. */
export interface PlanInput {
  service: string;
  project: string | null;
  kind: KindName;
  /** declared workers */
  from: number;
  to: number;
  /** the edits that set `to`, and what people must know of them besides (null: nothing), by the target */
  files: FileChange[];
  note: string | null;
  reasons: Reason[];
  reason: string;
  /** whether the service runs now; one that does not is not started */
  running: boolean;
  live: LiveQuestion;
}

/** What is known beforehand of how the running service can be changed. */
export interface LiveQuestion {
  apply: ApplyMode;
  /** Celery's pool; null: the default */
  pool: string | null;
  /** whether the config says where Celery's remote control can be reached */
  hasBroker: boolean;
  /** of a restart; missing: there is nothing to be said of it, or none comes into question */
  restart?: RestartFacts;
}

/** What is known beforehand of a restart. */
export interface RestartFacts {
  /** units that are active and that systemd restarts or stops with it */
  also: string[];
  /** why it must not be made; null: it may */
  barrier: string | null;
}

/** The edits and commands that bring a service to `to` workers. No files: it declares `to` already. */
export function planChange({ live, running, note, ...input }: PlanInput): Plan {
  const { kind, from, to, files } = input;
  const isRenewal = from === to && files.length > 0;
  // the running service has this many workers, and the edit of somebody else is put into force by whoever made it
  const how = planResize({ kind, live, running: running && !isRenewal });
  return {
    ...input,
    action: isRenewal ? 'renew' : planAction(from, to),
    ...how,
    countable: kindNamed(kind).pool.isCountable(live.pool),
    ...{ undoes: [], folders: [] },
    ...(note !== null && { note }),
  };
}

/** What a heal is made of. */
export interface HealInput {
  service: string;
  project: string | null;
  kind: KindName;
  /** running workers */
  from: number;
  /** declared workers */
  to: number;
  reasons: Reason[];
  reason: string;
  live: LiveQuestion;
}

/** The running pool is brought to what the unit file says; no file changes, and nothing is ever restarted for it. */
export function planHeal({ live, ...rest }: HealInput): Plan {
  const { resize, obstacle } = planResize({ kind: rest.kind, live, running: true });
  return {
    ...rest,
    ...{ action: 'heal', files: [], undoes: [], folders: [], apply: live.apply, obstacle },
    ...{ barrier: null, also: [] },
    resize: resize === 'live' ? resize : 'none',
    countable: true,
  };
}

/**
 * How the running service is to be changed, and, where it cannot be done as is asked for, why. One that must not be
 * restarted is changed while it runs, also where that is not asked for.
 */
export function planResize(of: {
  kind: KindName;
  live: LiveQuestion;
  running: boolean;
}): Pick<Plan, 'apply' | 'resize' | 'obstacle' | 'barrier' | 'also'> {
  const { apply, restart = { also: [], barrier: null } } = of.live;
  if (!of.running) return { apply, resize: 'none', obstacle: null, barrier: null, also: [] };
  const { barrier } = restart;
  const mayRestart = apply !== 'live-only' && barrier === null;
  if (apply === 'restart' && mayRestart) {
    return { apply, resize: 'restart', obstacle: null, ...restart };
  }
  const obstacle = kindNamed(of.kind).pool.findObstacle(of.live);
  if (obstacle === null) return { apply, resize: 'live', obstacle, barrier, also: [] };
  const also = mayRestart ? restart.also : [];
  const resize = mayRestart ? 'restart' : 'none';
  return { apply, resize, obstacle: tellNeither(barrier, obstacle, apply), barrier, also };
}

/** Why neither way is open, or only why the one that is asked for is not. */
export function tellNeither(barrier: string | null, obstacle: string, apply: ApplyMode): string {
  if (barrier === null || barrier === obstacle || apply === 'live-only') return obstacle;
  return `${barrier}; and it cannot be changed while it runs: ${obstacle}`;
}

/** A change taken back, wholly or down to the number. */
export interface RollbackInput {
  service: string;
  project: string | null;
  kind: KindName;
  from: number;
  to: number;
  files: FileChange[];
  undoes: string[];
  folders: string[];
  /** whether the running service must be changed too */
  resize: boolean;
  live: LiveQuestion;
  countable: boolean;
  reason: string;
}

/** The plan of a rollback: it takes the same road as any other change. */
export function planRollback({ resize, live, ...rest }: RollbackInput): Plan {
  const how = planResize({ kind: rest.kind, live, running: resize });
  return { ...rest, action: 'rollback', ...how, reasons: [] };
}

function planAction(from: number, to: number): Exclude<Decision['action'], 'none'> {
  return to < from ? 'scale_down' : 'scale_up';
}
