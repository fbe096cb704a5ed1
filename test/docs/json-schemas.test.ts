import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { buildProgram } from '../../src/command-line/cli.ts';
import { assertDocumented, SCHEMAS } from './json-schemas.ts';

describe('the schemas of --json', () => {
  test('there is one for each command that has the option', () => {
    const commands = buildProgram(() => undefined)
      .commands.filter(({ options }) => options.some(({ long }) => long === '--json'))
      .map((command) => command.name());
    assert.deepEqual(
      commands.filter((name) => !SCHEMAS.has(name)),
      [],
    );
  });

  for (const [name, { $id, title, properties }] of SCHEMAS) {
    test(`${name} says what it is and which version`, () => {
      assert.equal(typeof title, 'string');
      const { v } = (properties ?? {}) as { v?: { const?: unknown } };
      const version = /^urn:autoscaler:json:([a-z]+):([1-9])$/.exec(String($id));
      if (version === null) assert.equal(typeof v?.const, 'number');
      else {
        assert.equal(version[1], name);
        if (v !== undefined) assert.equal(v.const, Number(version[2]));
      }
    });
  }

  test('a key that is not described, a missing one and a wrong type are refused', () => {
    const change = { at: 'now', project: 'a', service: 'a.service', action: 'scale_up' };
    const rest = { from: 1, to: 2, reason: 'because' };
    const text = (entry: object): string => JSON.stringify({ decisions: [entry] });
    assertDocumented('simulate', text({ ...change, ...rest }));
    for (const wrong of [
      { ...change, ...rest, more: 1 },
      { ...change, from: 1, to: 2 },
      { ...change, ...rest, to: 'two' },
    ]) {
      assert.throws(() => assertDocumented('simulate', text(wrong)), /simulate --json:/);
    }
  });
});
