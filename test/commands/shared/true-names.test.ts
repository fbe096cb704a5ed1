import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { explainTwin, followAliases } from '../../../src/commands/shared/true-names.ts';
import type { Config, Project } from '../../../src/config/schema/schema.ts';
import type { UnitState } from '../../../src/model/unit-state.ts';

/** Projects by name: the service that each names, `-` in front of it: disabled. */
function config(projects: Record<string, string>): Config {
  const entries = Object.entries(projects).map(([name, service]): [string, Project] => [
    name,
    {
      enabled: !service.startsWith('-'),
      service_name: service.replace(/^-/, ''),
    } as Project,
  ]);
  return { projects: Object.fromEntries(entries), global: {} as Config['global'] };
}

/** Units by the name that was asked for, each with its own. */
function units(ids: Record<string, string>): Map<string, UnitState> {
  return new Map(Object.entries(ids).map(([unit, id]) => [unit, { unit, id } as UnitState]));
}

const SHOP = { 'shop.service': 'shop.service', 'alias.service': 'shop.service' };

const CASES: {
  title: string;
  projects: Record<string, string>;
  ids: Record<string, string>;
  services: Record<string, string>;
  twins: string[];
}[] = [
  {
    title: 'true names stay',
    projects: { a: 'shop.service', b: 'b.service' },
    ids: { 'shop.service': 'shop.service', 'b.service': 'b.service' },
    services: { a: 'shop.service', b: 'b.service' },
    twins: [],
  },
  {
    title: 'an alias becomes the name of the unit',
    projects: { a: 'alias.service' },
    ids: { 'alias.service': 'shop.service' },
    services: { a: 'shop.service' },
    twins: [],
  },
  {
    title: 'of two projects with one unit the first keeps it, whichever has the alias',
    projects: { a: 'alias.service', b: 'shop.service' },
    ids: SHOP,
    services: { a: 'shop.service' },
    twins: ['b'],
  },
  {
    title: 'two aliases of one unit are one service too',
    projects: { a: 'x.service', b: 'alias.service', c: 'c.service' },
    ids: { 'x.service': 'shop.service', 'alias.service': 'shop.service', 'c.service': 'c.service' },
    services: { a: 'shop.service', c: 'c.service' },
    twins: ['b'],
  },
  {
    title: 'a disabled project takes nothing from another one',
    projects: { a: '-alias.service', b: 'shop.service', c: 'alias.service' },
    ids: SHOP,
    services: { a: 'shop.service', b: 'shop.service' },
    twins: ['c'],
  },
];

describe('services by their own names', () => {
  for (const { title, projects, ids, services, twins } of CASES) {
    test(title, () => {
      const written = config(projects);
      const found = followAliases(written, units(ids));
      const named = Object.entries(found.config.projects).map(([name, { service_name }]) => [
        name,
        service_name,
      ]);
      assert.deepEqual(Object.fromEntries(named), services);
      assert.deepEqual(
        found.twins.map(({ project }) => project),
        twins,
      );
      for (const [name, unit] of found.units) assert.deepEqual([unit.unit, unit.id], [name, name]);
    });
  }
  test('a twin is explained with both names and the owner', () => {
    const { twins } = followAliases(config({ a: 'shop.service', b: 'alias.service' }), units(SHOP));
    assert.match(
      twins.map(explainTwin).join(),
      /^alias\.service is another name of shop\.service, the service of project "a"/,
    );
  });
});
