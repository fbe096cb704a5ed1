import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { matchesTopic } from '../../src/queues/topic.ts';
import { cpuMsOf } from '../cpu-time.ts';

describe('a key with wildcards', () => {
  const rows: [bound: string, key: string, matches: boolean][] = [
    ['shop', 'shop', true],
    ['shop', 'shop.web', false],
    ['shop.#', 'shop.web.error', true],
    ['shop.#', 'shop.', true],
    ['shop.#', 'shop', false],
    ['shop.*', 'shop.web', true],
    ['shop.*', 'shop.', false],
    ['*.error', 'web.error', true],
    ['*.error', '.error', false],
    ['#', '', true],
    ['#.x.#', 'a.x.x.b', true],
    ['a.#', `a.${'b'.repeat(300)}`, false],
  ];
  for (const [bound, key, matches] of rows) {
    test(`${bound} ${matches ? 'is' : 'is not'} for ${key.slice(0, 20)}`, () => {
      assert.equal(matchesTopic(bound, key), matches);
    });
  }

  test('it is for the keys that the regular expression of kombu matches', () => {
    const word = fc.constantFrom('#', '*', 'a', 'b', 'aa', '');
    const bound = fc.array(word, { maxLength: 5 }).map((words) => words.join('.'));
    const key = fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 8 });
    const wildcards: Record<string, string> = { '*': String.raw`.*?[^\.]`, '#': '.*?' };
    fc.assert(
      fc.property(bound, key, (topic, routingKey) => {
        const words = topic.split('.').map((each) => wildcards[each] ?? each);
        const kombu = new RegExp(`^${words.join(String.raw`\.`)}$`);
        assert.equal(matchesTopic(topic, routingKey), kombu.test(routingKey));
      }),
      { numRuns: 20_000 },
    );
  });

  test('one that makes a regular expression run for ever costs nothing', () => {
    const ms = cpuMsOf(() => {
      for (let i = 0; i < 20_000; i++) {
        matchesTopic(`${'#.a.*.'.repeat(40)}b`, 'a.'.repeat(120));
        matchesTopic(`#${'.'.repeat(120)}x.#`, '.'.repeat(255));
      }
    });
    assert.ok(ms < 5000, `${ms} ms`);
  });
});
