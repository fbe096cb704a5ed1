import assert from 'node:assert/strict';

/** That an error says what it should, in one short line that a terminal shows as it is. */
export function assertCleanError(error: string | undefined, says: RegExp): void {
  assert.match(error ?? '', says);
  assert.ok(error!.length <= 200, `${error!.length} characters`);
  assert.doesNotMatch(error!, /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u);
  assert.doesNotMatch(error!, /undefined|\[object|s3cret/);
}
