import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { buildProgram } from '../../src/cli.ts';
import { globalSchema, projectSchema } from '../../src/config/schema/schema.ts';
import { EXIT } from '../../src/errors.ts';

const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

function keysOf(schema: typeof projectSchema | typeof globalSchema): string[] {
  return Object.keys(schema._zod.def.shape);
}

function section(title: string): string {
  const start = README.indexOf(title);
  assert.notEqual(start, -1, `the README has no section ${title}`);
  const end = README.indexOf('\n#', start + title.length);
  return README.slice(start, end === -1 ? undefined : end);
}

describe('the README tells of', () => {
  for (const key of keysOf(projectSchema)) {
    test(`the project's key ${key}`, () =>
      assert.ok(section('### Keys of a project').includes(`\`${key}\``)));
  }
  for (const key of keysOf(globalSchema)) {
    test(`the global key ${key}`, () =>
      assert.ok(section('### Keys of `global`').includes(`\`${key}\``)));
  }
  test('each command and option', () => {
    const program = buildProgram(() => undefined);
    for (const command of program.commands) {
      assert.ok(section('## Commands').includes(`autoscaler ${command.name()}`), command.name());
      for (const option of command.options) {
        assert.ok(
          section('## Commands').includes(option.long ?? ''),
          `${command.name()} ${option.long}`,
        );
      }
    }
  });
  test('the exit codes, as --help does', () => {
    const codes = Object.values(EXIT).sort((a, b) => a - b);
    const inReadme = [...section('| exit code | means |').matchAll(/^\| (\d+) \|/gm)].map(
      ([, code]) => Number(code),
    );
    assert.deepEqual(inReadme, codes);
    let help = '';
    const program = buildProgram(() => undefined).configureOutput({
      writeOut: (text) => (help += text),
    });
    assert.throws(() => program.parse(['node', 'autoscaler', '--help']));
    const inHelp = [...help.slice(help.indexOf('Exit codes:')).matchAll(/^ +(\d+) /gm)].map(
      ([, code]) => Number(code),
    );
    assert.deepEqual(inHelp, codes);
  });
});
