import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';

const read = (path: string): string =>
  readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

describe('docs/troubleshooting.md', () => {
  test('has each word that a hold may be', () => {
    const { $defs } = JSON.parse(read('docs/json/common.schema.json')) as {
      $defs: { hold: { examples: string[] } };
    };
    const table = read('docs/troubleshooting.md').split('\n## ')[2] ?? '';
    const rows = [...table.matchAll(/^\| `([a-z_]+)` \|/gm)].map(([, word]) => word);
    assert.deepEqual(rows.sort(), [...$defs.hold.examples].sort());
  });
});
