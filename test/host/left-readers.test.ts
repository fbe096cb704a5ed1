import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseScope } from '../../src/host/left-readers.ts';

describe('the scope of a program that waits for the memory of a process', () => {
  const rows: [what: string, groups: string, unit: string | null][] = [
    ['the unit (v2)', '0::/system.slice/shop.service\n', 'shop.service'],
    ['of systemd alone (v1)', '5:cpu:/x.service\n1:name=systemd:/shop.service\n', 'shop.service'],
    ['whichever has it', '1:name=systemd:/\n0::/shop.service\n', 'shop.service'],
    ['not of groups below it', '0::/system.slice/shop.service/bank.service\n', 'shop.service'],
    ['a template', '0::/system.slice/system-pool.slice/pool@1.service\n', 'pool_1.service'],
    ['a session', '0::/user.slice/user-1000.slice/session-3.scope\n', 'session-3.scope'],
    ['in no unit', '0::/user.slice\n', null],
    ['gone', '', null],
  ];
  for (const [what, groups, unit] of rows) {
    test(what, () => {
      const expected = unit === null ? null : `autoscaler-reads-${unit}.scope`;
      assert.equal(parseScope(groups), expected);
    });
  }
});
