import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { Ajv } from 'ajv';
import type { CheckDocument } from '../../../src/commands/check/report.ts';
import { writeConfig } from '../../config/write-config.ts';
import { autoscaler } from '../built.ts';

const schema = JSON.parse(
  readFileSync(new URL('../../../docs/json/check.schema.json', import.meta.url), 'utf8'),
) as object;
const isDocument = new Ajv({ strict: true, allowUnionTypes: true }).compile(schema);

function check(
  config: string,
  ...more: string[]
): { code: number | null; document: CheckDocument } {
  const path = writeConfig(config);
  const { code, stdout, stderr } = autoscaler(['--config', path, 'check', '--json', ...more]);
  assert.equal(stderr, '');
  const document = JSON.parse(stdout) as CheckDocument;
  assert.ok(isDocument(document), JSON.stringify(isDocument.errors));
  return { code, document };
}

describe('check', () => {
  test('all faults of a config are findings with their places', () => {
    const { code, document } = check('{"projects":{"web":{"max_worker":2}}}');
    assert.equal(code, 1);
    assert.equal(
      document.errors,
      document.findings.filter(({ severity }) => severity === 'error').length,
    );
    const told = document.findings.map(({ evidence }) => evidence).join(' ');
    assert.match(told, /:1:\d+: .*max_worker/);
  });
  test('a config that is not there is a finding', () => {
    const { code, stdout } = autoscaler(['--config', '/nonexistent/c.json', 'check']);
    assert.equal(code, 1);
    assert.match(stdout, /ERROR.*no config here/);
  });
});
