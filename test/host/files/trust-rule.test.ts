import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { findDistrust, type Component } from '../../../src/host/files/trust-rule.ts';

const ROOT = { uid: 0, gid: 0 };

const file = (change: Partial<Component> = {}): Component => ({
  ...{ path: '/etc/a/config.json', kind: 'file', uid: 0, gid: 0, mode: 0o640 },
  ...change,
});
const folder = (change: Partial<Component> = {}): Component => ({
  ...{ path: '/etc/a', kind: 'folder', uid: 0, gid: 0, mode: 0o755 },
  ...change,
});
const link = (change: Partial<Component> = {}): Component => ({
  ...{ path: '/etc/link.json', kind: 'link', uid: 0, gid: 0, mode: 0o777 },
  ...change,
});

/** What leads to a file, and the reason and the command that root is told; null: trusted. */
const ROWS: [name: string, way: Component[], told: RegExp | null][] = [
  ["root's file in root's folder", [folder(), file()], null],
  ['one that all may read', [folder(), file({ mode: 0o644 })], null],
  [
    'a file of another user',
    [folder(), file({ uid: 1000 })],
    /^it belongs to user 1000 chown root:root \/etc\/a\/config\.json$/,
  ],
  [
    'a file that its group may write, whatever the group',
    [folder(), file({ mode: 0o660 })],
    /^users other than root may write to it \(mode 0660\) chmod go-w \/etc\/a\/config\.json$/,
  ],
  ['a file that anyone may write', [folder(), file({ mode: 0o646 })], /mode 0646/],
  ['a sticky bit on a file keeps nobody out', [folder(), file({ mode: 0o1666 })], /mode 1666/],
  [
    'a folder of another user: its owner may replace the file',
    [folder({ uid: 1000 }), file()],
    /^its folder \/etc\/a belongs to user 1000 chown root:root \/etc\/a$/,
  ],
  [
    'a folder of another user above: its owner may replace the folder',
    [folder({ path: '/home/alice', uid: 1000 }), folder({ path: '/home/alice/a' }), file()],
    /^its folder \/home\/alice belongs to user 1000 chown root:root \/home\/alice$/,
  ],
  [
    'a folder that anyone may write',
    [folder({ mode: 0o777 }), file()],
    /^users other than root may write to its folder \/etc\/a \(mode 0777\) chmod go-w \/etc\/a$/,
  ],
  [
    'a folder that group root may write, and that has no ACL',
    [folder({ mode: 0o775, hasAcl: false }), file()],
    null,
  ],
  [
    'with an ACL these bits are its mask, and may be for any user',
    [folder({ mode: 0o775, hasAcl: true }), file()],
    /mode 0775/,
  ],
  ['nor where nobody has looked for an ACL', [folder({ mode: 0o775 }), file()], /mode 0775/],
  [
    'a folder that another group may write',
    [folder({ mode: 0o775, gid: 50, hasAcl: false }), file()],
    /0775/,
  ],
  ['the sticky bit keeps others from replacing it', [folder({ mode: 0o1777 }), file()], null],
  [
    "but not what is their own: another user's folder in /tmp",
    [folder({ mode: 0o1777 }), folder({ path: '/tmp/x', uid: 1000 }), file()],
    /^its folder \/tmp\/x belongs to user 1000/,
  ],
  [
    'a sticky folder of another user, who may replace all in it',
    [folder({ mode: 0o1777, uid: 1000 }), file()],
    /belongs to user 1000/,
  ],
  ["root's own link, whose mode says nothing", [folder(), link(), file()], null],
  [
    'a link of another user, who may lead it elsewhere',
    [folder(), link({ uid: 1000 }), file()],
    /^the link \/etc\/link\.json belongs to user 1000 chown -h root:root \/etc\/link\.json$/,
  ],
  [
    'the file is told before the folders',
    [folder({ uid: 1000 }), file({ uid: 1000 })],
    /^it belongs/,
  ],
];

describe('the trust rule', () => {
  for (const [name, way, told] of ROWS) {
    test(name, () => {
      const found = findDistrust(way, ROOT);
      if (told === null) assert.equal(found, null);
      else assert.match(`${found?.reason} ${found?.command}`, told);
    });
  }

  test('which component it is, and whose, is data', () => {
    const found = findDistrust([folder({ path: '/home/alice', uid: 1000 }), file()], ROOT);
    assert.deepEqual([found?.at, found?.uid], ['/home/alice', 1000]);
  });

  test('another user than root trusts what is his own, and what is root’s', () => {
    const way = [folder(), folder({ path: '/home/a', uid: 1000, gid: 1000 }), file({ uid: 1000 })];
    assert.equal(findDistrust(way, { uid: 1000, gid: 1000 }), null);
    assert.notEqual(findDistrust(way, { uid: 1001, gid: 1001 }), null);
  });
});
