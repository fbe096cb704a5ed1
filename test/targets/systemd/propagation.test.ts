import assert from 'node:assert/strict';
import { test } from 'node:test';
import { followAll, type Followed } from '../../../src/targets/systemd/propagation.ts';

const ROWS: [rule: string, units: Record<string, string>, service: string, expected: string][] = [
  ['nobody follows it', { a: '' }, 'a', 'a'],
  ['those that follow it, but not those that it follows', { a: 'b', b: '', c: 'a' }, 'a', 'a b'],
  ['those that follow them', { a: 'b', b: 'c', c: '' }, 'a', 'a b c'],
  ['a circle', { a: 'b', b: 'a' }, 'a', 'a b'],
  ['one of which systemd knows nothing', {}, 'a', 'a'],
  ['by all of its names', { 'a=alias': 'b', b: '' }, 'alias', 'a alias b'],
];

for (const [rule, units, service, expected] of ROWS) {
  test(rule, () => {
    const followed = new Map<string, Omit<Followed, 'owner'>>();
    for (const [key, followers] of Object.entries(units)) {
      const names = key.split('=');
      for (const name of names) {
        followed.set(name, { names, followers: followers.split(' ').filter(Boolean) });
      }
    }
    assert.equal([...followAll(service, followed)].sort().join(' '), expected);
  });
}
