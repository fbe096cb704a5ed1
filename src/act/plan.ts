import type { Decision, Kind, Reason } from '../decide/types.ts';
import type { Location, Refusal } from '../unit-file/types.ts';
import type { FileChange, Plan } from './types.ts';

/** What a plan is made of. `texts` holds each file as read, by path; a path that is not in it does not exist. */
export interface PlanInput {
  service: string;
  project: string | null;
  location: Exclude<Location, Refusal>;
  texts: ReadonlyMap<string, string>;
  to: number;
  reasons: Reason[];
  reason: string;
  /** whether the service runs now; one that does not is not started */
  running: boolean;
  /** whether its workers are processes that can be counted */
  countable: boolean;
}

/** The edits and commands that bring a service to `to` workers. No files: the unit says `to` already. */
export function planChange(input: PlanInput): Plan {
  const { location, to } = input;
  return {
    service: input.service,
    project: input.project,
    kind: location.kind,
    action: planAction(location.workers, to),
    from: location.workers,
    to,
    files: planFiles(location, input.texts, to),
    resize: input.running ? 'restart' : 'none',
    countable: input.countable,
    undoes: [],
    folders: [],
    reasons: input.reasons,
    reason: input.reason,
  };
}

/** A change taken back, wholly or down to the number. */
export interface RollbackInput {
  service: string;
  project: string | null;
  kind: Kind;
  from: number;
  to: number;
  files: FileChange[];
  undoes: string[];
  folders: string[];
  restart: boolean;
  countable: boolean;
  reason: string;
}

/** The plan of a rollback: it takes the same road as any other change. */
export function planRollback({ restart, ...rest }: RollbackInput): Plan {
  return { ...rest, action: 'rollback', resize: restart ? 'restart' : 'none', reasons: [] };
}

/** The edit that sets `to` where `location` says that the number stands; none where it is `to` already. */
export function planFiles(
  location: Exclude<Location, Refusal>,
  texts: ReadonlyMap<string, string>,
  to: number,
): FileChange[] {
  const before = texts.get(location.path) ?? null;
  const after = location.how === 'drop_in' ? location.text(to) : splice(before ?? '', location, to);
  return before === after || location.workers === to
    ? []
    : [{ path: location.path, before, after }];
}

function splice(text: string, at: { start: number; end: number }, to: number): string {
  return text.slice(0, at.start) + String(to) + text.slice(at.end);
}

function planAction(from: number, to: number): Exclude<Decision['action'], 'none'> {
  return to < from ? 'scale_down' : 'scale_up';
}
