import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { COMMAND_DETAILS } from '../../scripts/generate/command-details.ts';
import { readCommands } from '../../scripts/generate/commands.ts';
import { renderTracked } from '../../scripts/generate/render-tracked.ts';
import { globalSchema, projectSchema } from '../../src/config/schema/schema.ts';
import { EXIT } from '../../src/errors.ts';

const files = await renderTracked();

function keysOf(schema: typeof projectSchema | typeof globalSchema): string[] {
  return Object.keys(schema._zod.def.shape);
}

describe('the generated files of the repository', () => {
  for (const [path, text] of Object.entries(files)) {
    test(`${path} is in step with the program (npm run generate)`, () => {
      assert.equal(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8'), text);
    });
  }

  test('docs/config.md has each key with an example', () => {
    const doc = files['docs/config.md'] ?? '';
    const keys = [...keysOf(projectSchema), ...keysOf(globalSchema)];
    assert.deepEqual(
      keys.filter((key) => !doc.includes(`\`${key}\``)),
      [],
    );
    assert.doesNotMatch(doc, /^- Example: .*null`$/m);
  });

  test('docs/commands.md has each command and option', () => {
    const doc = files['docs/commands.md'] ?? '';
    const { commands } = readCommands();
    for (const { name, options } of commands) {
      const [, section = ''] = doc.split(`## \`autoscaler ${name}`);
      const own = section.split('\n## ')[0] ?? '';
      for (const { long } of options) {
        if (long !== '--help') assert.ok(own.includes(long ?? ''), `${name} ${long}`);
      }
    }
  });

  test('what is said beyond --help is said of commands that exist', () => {
    const names = readCommands().commands.map(({ name }) => name);
    assert.deepEqual(
      Object.keys(COMMAND_DETAILS).filter((name) => !names.includes(name)),
      [],
    );
  });

  test('the exit codes of --help and of docs/commands.md are those of the program', () => {
    const codes = Object.values(EXIT).sort((a, b) => a - b);
    const { notes } = readCommands().program;
    const inHelp = [...notes.slice(notes.indexOf('Exit codes:')).matchAll(/^ +(\d+) /gm)];
    const inDoc = [...(files['docs/commands.md'] ?? '').matchAll(/^\| (\d+) \|/gm)];
    for (const found of [inHelp, inDoc]) {
      assert.deepEqual(
        found.map(([, code]) => Number(code)),
        codes,
      );
    }
  });
});
