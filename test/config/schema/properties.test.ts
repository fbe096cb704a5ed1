import { writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ConfigError } from '../../../src/config/file/fault.ts';
import { loadConfigFile } from '../../../src/config/file/load.ts';
import { toPolicies } from '../../../src/config/policy/policies.ts';
import { configSchema, projectSchema } from '../../../src/config/schema/schema.ts';
import { LEGACY } from '../file/legacy.ts';
import { writeConfig } from '../write-config.ts';

const path = writeConfig('');

/** Loads a text: whatever it is, what comes back is a config that has policies, or faults with places in the text. */
async function loadsOrHasFaults(text: string): Promise<void> {
  writeFileSync(path, text);
  const lines = text.split('\n');
  try {
    toPolicies((await loadConfigFile(path)).config);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    assert.ok(error.faults.length > 0);
    for (const { line, column, found } of error.faults) {
      assert.ok(line >= 1 && line <= lines.length, `line ${line} of ${lines.length}`);
      assert.ok(column >= 1 && column <= (lines[line - 1]?.length ?? 0) + 1, `column ${column}`);
      assert.notEqual(found, '');
    }
  }
}

const keys = [...Object.keys(configSchema.shape), ...Object.keys(projectSchema.shape)];
/** JSON that comes nearer to a config than chance would: with its keys. */
const nearConfig = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.jsonValue({ maxDepth: 0 }),
    fc.constantFrom('shop.service', 'redis://h', 2, 0.5, ['celery']),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(
      fc.oneof(
        fc.constantFrom(...keys, 'scale_up_2', 'scale_down_1', '__proto__', 'shop'),
        fc.string(),
      ),
      tie('value'),
      { maxKeys: 6, noNullPrototype: false },
    ),
  ),
}));

describe('whatever the file holds', () => {
  test('any JSON value loads or has faults', () =>
    fc.assert(
      fc.asyncProperty(fc.jsonValue(), (value) => loadsOrHasFaults(JSON.stringify(value))),
      { numRuns: 200 },
    ));

  test('JSON with the keys of a config loads or has faults', () =>
    fc.assert(
      fc.asyncProperty(
        nearConfig.value,
        nearConfig.value,
        fc.constantFrom('shop', 'constructor', 'a.b'),
        (project, global, name) =>
          loadsOrHasFaults(JSON.stringify({ projects: { [name]: project }, global }, null, 1)),
      ),
      { numRuns: 300 },
    ));

  test('any text loads or has faults', () =>
    fc.assert(fc.asyncProperty(fc.string({ unit: 'binary' }), loadsOrHasFaults), { numRuns: 200 }));

  test('a config with a piece cut out loads or has faults', () =>
    fc.assert(
      fc.asyncProperty(fc.nat(LEGACY.length), fc.nat(40), (start, length) =>
        loadsOrHasFaults(LEGACY.slice(0, start) + LEGACY.slice(start + length)),
      ),
      { numRuns: 200 },
    ));
});
