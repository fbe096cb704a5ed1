import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { MEASURE_ERRORS } from '../../src/model/measure-error.ts';

test('docs/history-format.md has every code of an error, and what it means', () => {
  const text = readFileSync(new URL('../../docs/history-format.md', import.meta.url), 'utf8');
  const rows = [...text.matchAll(/^\| `([a-z_]+)` \| (.*) \| (failed|said once|not said) \|$/gm)];
  const said = { fault: 'failed', absent: 'said once', pending: 'not said' };
  assert.deepEqual(
    rows.map(([, code, meaning, run]) => [code, meaning, run]),
    Object.entries(MEASURE_ERRORS).map(([code, [severity, meaning]]) => [
      code,
      meaning,
      said[severity],
    ]),
  );
});
