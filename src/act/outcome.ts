import type { Change } from './checkpoint.ts';
import type { ChangeResult, Outcome } from './types.ts';

/** What a change came to; what is not given follows from its manifest. */
export function outcomeOf<Result extends ChangeResult>(
  { manifest }: Change,
  rest: { result: Result; sentence: string } & Partial<Outcome>,
): Outcome & { result: Result } {
  const { service, project, action, from, to, reason, id } = manifest;
  return {
    ...{ service, project, action, from, to, reason, changeId: id, running: null, hint: null },
    ...rest,
  };
}

/** The message of whatever went wrong. */
export function because(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
