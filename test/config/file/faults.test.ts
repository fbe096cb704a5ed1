import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { EXIT } from '../../../src/errors.ts';
import { ConfigError, formatFault } from '../../../src/config/file/fault.ts';
import { loadConfigFile } from '../../../src/config/file/load.ts';
import { writeConfig } from '../write-config.ts';

/** The faults that loading a config reports, without the file's name: `LINE:COLUMN: KEY: …`. */
async function readFaults(text: string | Uint8Array): Promise<string[]> {
  const path = writeConfig(text);
  const error = await loadConfigFile(path).then(
    () => assert.fail('the config has no fault'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof ConfigError, String(error));
  assert.equal(error.exitCode, EXIT.config);
  const lines = error.faults.map(formatFault);
  assert.deepEqual(error.message.split('\n').slice(1), lines);
  return lines.map((line) => {
    assert.ok(line.startsWith(`${path}:`), line);
    return line.slice(path.length + 1);
  });
}

/** The cases of a fixture: `=== NAME`, the config, `---`, all its faults in order, one a line. */
function readCases(file: string): { name: string; text: string; faults: string[] }[] {
  const path = new URL(`../../fixtures/config/${file}`, import.meta.url);
  const blocks = readFileSync(path, 'utf8').split(/^=== /m).slice(1);
  return blocks.map((block) => {
    const [, name = '', text = '', faults = ''] = /^(.*)\n([^]*)\n---\n([^]*)$/.exec(block) ?? [];
    return { name, text, faults: faults.trim().split('\n') };
  });
}

for (const file of ['syntax.txt', 'keys.txt', 'values.txt', 'rules.txt', 'several.txt']) {
  describe(`faults of a config: ${file}`, () => {
    for (const { name, text, faults } of readCases(file)) {
      test(name, async () => assert.deepEqual(await readFaults(text), faults));
    }
  });
}

describe('faults of a config: bytes', () => {
  const rows: [name: string, text: string | Uint8Array, faults: string[]][] = [
    [
      'bytes that are not UTF-8',
      Buffer.from('{\n  "projects": { "caf\xe9": {} }\n}', 'latin1'),
      ['2:21: expected text in UTF-8, found bytes that are not'],
    ],
    [
      'UTF-16',
      Buffer.from('\ufeff{}', 'utf16le'),
      ['1:1: expected text in UTF-8, found bytes that are not'],
    ],
    [
      'a byte order mark is no column',
      '\ufeff{ "project": {} }',
      ['1:3: project: unknown key; did you mean "projects"?'],
    ],
    [
      'lines that end in CRLF',
      '{\r\n  "projects": 3\r\n}',
      ['2:15: projects: expected the projects in braces, by name, found 3'],
    ],
    ['brackets nested too deeply', '['.repeat(300_000), ['1:1: brackets nested too deeply']],
  ];
  for (const [name, text, faults] of rows) {
    test(name, async () => assert.deepEqual(await readFaults(text), faults));
  }
});

test('a fault is data too', async () => {
  const path = writeConfig('{\n  "projects": { "my.shop": { "max_workers": "2" } }\n}');
  await assert.rejects(loadConfigFile(path), (error: ConfigError) => {
    assert.deepEqual(error.faults[1], {
      file: path,
      line: 2,
      column: 45,
      key: 'projects["my.shop"].max_workers',
      found: '"2"',
      expected: 'a whole number from 1 to 9999',
      hint: null,
    });
    return true;
  });
});
