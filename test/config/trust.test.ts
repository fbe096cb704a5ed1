import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { findDistrust, type Ownership } from '../../src/config/trust.ts';

const file = (change: Partial<Ownership> = {}): Ownership => ({
  path: '/etc/a/config.json',
  uid: 0,
  gid: 0,
  mode: 0o100640,
  ...change,
});
const folder = (change: Partial<Ownership> = {}): Ownership =>
  file({ path: '/etc/a', mode: 0o040755, ...change });

/** A file, its folder, and the reason and the command that root is told; null: trusted. */
const ROWS: [name: string, file: Ownership, folder: Ownership, told: RegExp | null][] = [
  ["root's file in root's folder", file(), folder(), null],
  ['one that all may read', file({ mode: 0o100644 }), folder(), null],
  [
    'a file of another user',
    file({ uid: 1000 }),
    folder(),
    /^it belongs to user 1000 .*: chown root:root \/etc\/a\/config\.json$/,
  ],
  [
    'a file that its group may write, whatever the group',
    file({ mode: 0o100660 }),
    folder(),
    /^others than root may write to it \(mode 0660\) .*: chmod go-w \/etc\/a\/config\.json$/,
  ],
  ['a file that anyone may write', file({ mode: 0o100646 }), folder(), /mode 0646/],
  [
    'a folder of another user: its owner may replace the file',
    file(),
    folder({ uid: 1000 }),
    /^its folder \/etc\/a belongs to user 1000 .*: chown root:root \/etc\/a$/,
  ],
  [
    'a folder that anyone may write',
    file(),
    folder({ mode: 0o040777 }),
    /^others than root may write to its folder \/etc\/a \(mode 0777\) .*: chmod go-w \/etc\/a$/,
  ],
  ['a folder that group root may write', file(), folder({ mode: 0o040775 }), null],
  ['a folder that another group may write', file(), folder({ mode: 0o040775, gid: 50 }), /0775/],
  ['the sticky bit keeps others from replacing it', file(), folder({ mode: 0o041777 }), null],
];

describe('what root trusts', () => {
  for (const [name, ownFile, ownFolder, told] of ROWS) {
    test(name, () => {
      const found = findDistrust(ownFile, { links: [], folders: [ownFolder] });
      if (told === null) assert.equal(found, null);
      else assert.match(`${found?.reason} ${found?.hint}`, told);
    });
  }

  test('all folders count: that of a link and that of its file', () => {
    const folders = [folder(), folder({ uid: 1000 })];
    assert.notEqual(findDistrust(file(), { links: [], folders }), null);
  });

  test('a link of another user, who may lead it elsewhere', () => {
    const link = file({ path: '/tmp/link.json', uid: 1000, mode: 0o120777 });
    const found = findDistrust(file(), { links: [link], folders: [folder()] });
    assert.match(`${found?.reason}`, /^the link \/tmp\/link\.json belongs to user 1000$/);
    assert.match(`${found?.hint}`, /: chown -h root:root \/tmp\/link\.json$/);
  });

  test("root's own link, whose mode says nothing", () => {
    const link = file({ path: '/etc/link.json', mode: 0o120777 });
    assert.equal(findDistrust(file(), { links: [link], folders: [folder()] }), null);
  });
});
