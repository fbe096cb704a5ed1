import { explainErrno, toUserError } from '../../host/fault.ts';
import type { Manifest } from './manifest.ts';
import type { ChangeResult, Outcome } from '../types.ts';

/** What a change came to; what is not given follows from its manifest. */
export function outcomeOf<Result extends ChangeResult>(
  { manifest }: { manifest: Manifest },
  rest: { result: Result; sentence: string } & Partial<Outcome>,
): Outcome & { result: Result } {
  const { service, project, action, from, to, reason, id } = manifest;
  return {
    ...{ service, project, action, from, to, reason, changeId: id, running: null, hint: null },
    ...rest,
  };
}

/** An ended change whose end could not be written down: it stays in the journal. */
export function withoutEnd<Result extends Outcome>(outcome: Result, error: unknown): Result {
  const note = `(its end could not be recorded: ${explainErrno(error)}; the next run does so)`;
  return { ...outcome, sentence: `${outcome.sentence} ${note}` };
}

/** The message of whatever went wrong. */
export function because(error: unknown): string {
  const fault = toUserError(error);
  if (fault !== null) return fault.message;
  return error instanceof Error ? error.message : String(error);
}
