import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { findProject } from '../../../src/config/policy/find-project.ts';
import type { Config } from '../../../src/config/schema/schema.ts';
import { UserError } from '../../../src/errors.ts';

const NAMES = ['shop', 'celerycore', 'backregisters', 'a', 'b'];
const projects = Object.fromEntries(
  NAMES.map((name) => [name, { service_name: `${name}.service` }]),
) as unknown as Config['projects'];

function hintFor(name: string): string {
  try {
    findProject(name, { projects });
  } catch (error) {
    assert.ok(error instanceof UserError && error.exitCode === 64);
    return error.hint ?? '';
  }
  throw new Error(`${name} is a project`);
}

describe('a project that there is not', () => {
  const NEAR: [name: string, meant: string][] = [
    ['shopp', 'shop'],
    ['Shop', 'shop'],
    ['shopp.service', 'shop'],
    ['celery', 'celerycore'],
    ['celery-core', 'celerycore'],
    ['backregister', 'backregisters'],
    ['bakcregisters', 'backregisters'],
  ];
  for (const [name, meant] of NEAR) {
    test(`${name}: ${meant} was meant`, () =>
      assert.match(hintFor(name), new RegExp(`^Did you mean ${meant}\\? The config has: shop, `)));
  }
  for (const name of ['postgres', 'c', 'x.service', 'mail', 'flask']) {
    test(`${name}: nothing is near, so nothing is guessed`, () =>
      assert.match(hintFor(name), /^The config has: shop, celerycore, backregisters, a, b$/));
  }
});
