import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, test } from 'node:test';

const ROOT = resolve(import.meta.dirname, '../..');
const DOC = readFileSync(join(ROOT, 'docs/security.md'), 'utf8');
const named = [...DOC.matchAll(/`(test\/[^`]+)`/g)].map(([, path = '']) => path);

describe('docs/security.md', () => {
  test('each test that it names is there', () => {
    assert.ok(named.length > 20);
    assert.deepEqual(
      named.filter((path) => !existsSync(join(ROOT, path))),
      [],
    );
  });

  test('each test of hostile users is named', () => {
    const all = readdirSync(join(ROOT, 'test/e2e/hostile'))
      .filter((name) => name.endsWith('.test.ts'))
      .map((name) => `test/e2e/hostile/${name}`);
    assert.deepEqual(
      all.filter((path) => !named.includes(path)),
      [],
    );
  });

  test('each code that the pure part of check has for risks is explained', () => {
    const sources = ['risks.ts', 'broker-network.ts'].map((name) =>
      readFileSync(join(ROOT, 'src/commands/check/findings', name), 'utf8'),
    );
    const codes = [...sources.join('').matchAll(/code: '([a-z_]+)'/g)].map(([, code]) => code);
    assert.ok(codes.length >= 5);
    for (const code of codes) assert.ok(DOC.includes(`| \`${code}\` |`), code);
  });
});
