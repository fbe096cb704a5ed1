import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'jsonc-parser';
import { LEGACY } from '../file/legacy.ts';
import { withShop } from '../write-config.ts';

const read = (path: string): unknown =>
  parse(readFileSync(new URL(`../../../config/${path}`, import.meta.url), 'utf8'));

const SCHEMA = read('autoscaler.schema.json') as Record<string, unknown>;
const accepts = new Ajv2020({ strict: false }).compile(SCHEMA);
const MAX = '"max_workers": 4';

describe('the JSON Schema', () => {
  const rows: [name: string, config: unknown, accepted: boolean][] = [
    ['accepts the example', read('autoscaler.example.jsonc'), true],
    ['accepts the form of before', parse(LEGACY), true],
    [
      'accepts a project of two lines',
      parse(withShop([MAX, '"cpu_thresholds": { "scale_up_2": 60 }'])),
      true,
    ],
    ['refuses an unknown key of a project', parse(withShop([MAX, '"max_worker": 4'])), false],
    ['refuses an unknown key at the top', { projects: {}, globals: {} }, false],
    [
      'refuses an unknown threshold',
      parse(withShop([MAX, '"cpu_thresholds": { "up_2": 60 }'])),
      false,
    ],
    ['refuses a project without max_workers', parse(withShop(['"enabled": true'])), false],
    ['refuses a wrong type', parse(withShop(['"max_workers": "4"'])), false],
  ];
  for (const [name, config, accepted] of rows) {
    test(name, () => assert.equal(accepts(config), accepted));
  }

  test('describes every key', () => {
    const undescribed: string[] = [];
    const visit = (schema: unknown, path: string): void => {
      const { properties, additionalProperties } = schema as Record<string, object | undefined>;
      for (const [key, inner] of Object.entries(properties ?? {})) {
        if (!('description' in (inner as object))) undescribed.push(`${path}.${key}`);
        visit(inner, `${path}.${key}`);
      }
      if (additionalProperties) visit(additionalProperties, `${path}.*`);
    };
    visit(SCHEMA, '');
    assert.deepEqual(undescribed, []);
  });
});
