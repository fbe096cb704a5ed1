import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { VERSION } from '../../src/version.ts';

const lines = readFileSync(new URL('../../CHANGELOG.md', import.meta.url), 'utf8').split('\n');
const versions = lines.filter((line) => line.startsWith('## '));

describe('CHANGELOG.md has the form of Keep a Changelog', () => {
  test('first what is unreleased, then each version once, with its date, the newest first', () => {
    assert.equal(versions[0], '## [Unreleased]');
    const released = versions.slice(1);
    for (const line of released) assert.match(line, /^## \[\d+\.\d+\.\d+\] - \d{4}-\d{2}-\d{2}$/);
    assert.equal(new Set(versions).size, versions.length);
    assert.ok(released[0]?.startsWith(`## [${VERSION}]`), `the newest is not ${VERSION}`);
  });

  test('each entry is in a section of its version', () => {
    let section: string | null = null;
    const seen = new Set<string>();
    for (const line of lines.slice(lines.indexOf('## [Unreleased]'))) {
      if (line.startsWith('## ')) {
        section = null;
        seen.clear();
      } else if (line.startsWith('### ')) {
        section = line.slice(4);
        assert.match(section, /^(?:Added|Changed|Deprecated|Removed|Fixed|Security)$/);
        assert.ok(!seen.has(section), `${section} twice in a version`);
        seen.add(section);
      } else if (line.startsWith('- ')) assert.notEqual(section, null, line);
    }
  });

  test('no entry is there twice', () => {
    const entries = lines.filter((line) => line.startsWith('- '));
    assert.deepEqual(
      entries.filter((line, index) => entries.indexOf(line) !== index),
      [],
    );
  });
});
