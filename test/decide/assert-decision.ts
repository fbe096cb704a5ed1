import assert from 'node:assert/strict';
import { explainDecision } from '../../src/decide/explain.ts';
import type { Decision } from '../../src/model/types.ts';

/** Holds a decision against a row of a table: its number, what held it back (missing: nothing), its sentence. */
export function assertDecision(
  decision: Decision,
  { to, hold = null, says }: { to: number; hold?: Decision['hold']; says?: string },
): void {
  const told = explainDecision(decision);
  assert.equal(decision.to, to, told);
  assert.equal(decision.hold, hold, told);
  if (says !== undefined) assert.equal(told, says);
}
