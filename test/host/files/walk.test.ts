import { after, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { judgePath } from '../../../src/host/files/judge.ts';
import { walkPath } from '../../../src/host/files/walk.ts';
import { listOpen } from '../../open-descriptors.ts';

const root = mkdtempSync(join(tmpdir(), 'autoscaler-walk-'));
after(() => rmSync(root, { recursive: true, force: true }));

const ALICE = 1000;

/** A folder of root's with a file `conf` in it, below it a folder `alice` of another user with a file `env`. */
function newPlace(): string {
  const place = mkdtempSync(join(root, 'case-'));
  chmodSync(place, 0o755);
  writeFileSync(join(place, 'conf'), 'root');
  mkdirSync(join(place, 'alice'));
  writeFileSync(join(place, 'alice/env'), 'alice');
  for (const path of ['alice', 'alice/env']) chownSync(join(place, path), ALICE, ALICE);
  return place;
}

/** A path in such a place, and why it is not trusted; null: it is. */
const ROWS: [name: string, make: (at: string) => string, reason: RegExp | null][] = [
  ["root's file", () => 'conf', null],
  ['what is not there, in a folder of root', () => 'none', null],
  ['what is not there, in folders that are not', () => 'none/of/these', null],
  ["another user's file", () => 'alice/env', /^it belongs to user 1000$/],
  ['what is not there, in her folder', () => 'alice/none', /^its folder .*\/alice belongs/],
  [
    "root's own file in her folder",
    (at) => {
      writeFileSync(join(at, 'alice/root'), '');
      return 'alice/root';
    },
    /^its folder .*\/alice belongs to user 1000$/,
  ],
  [
    "root's link to her file",
    (at) => {
      symlinkSync('alice/env', join(at, 'link'));
      return 'link';
    },
    /^it belongs to user 1000$/,
  ],
  [
    "her link to root's file",
    (at) => {
      symlinkSync('../conf', join(at, 'alice/link'));
      lchownSync(join(at, 'alice/link'), ALICE, ALICE);
      return 'alice/link';
    },
    /^the link .*\/alice\/link belongs to user 1000$/,
  ],
  [
    "root's link to root's file by way of her folder",
    (at) => {
      symlinkSync('alice/../conf', join(at, 'link'));
      return 'link';
    },
    /^its folder .*\/alice belongs to user 1000$/,
  ],
  [
    "root's link to root's file",
    (at) => {
      mkdirSync(join(at, 'd'));
      symlinkSync(`${at}/d/../conf`, join(at, 'd/link'));
      return 'd/link';
    },
    null,
  ],
  [
    'a link that leads nowhere is judged by where it leads',
    (at) => {
      symlinkSync('alice/none', join(at, 'link'));
      return 'link';
    },
    /^its folder .*\/alice belongs to user 1000$/,
  ],
  [
    'an ACL that lets her write shows in the bits of the group',
    (at) => {
      // user::rw-, user:1000:rw-, group::r--, mask::rw-, other::r--, as setfacl(1) has the kernel store it
      const entries = [
        [1, 6, -1],
        [2, 6, ALICE],
        [4, 4, -1],
        [16, 6, -1],
        [32, 4, -1],
      ];
      const acl = Buffer.alloc(4 + entries.length * 8);
      acl.writeUInt32LE(2, 0);
      for (const [index, [tag = 0, bits = 0, id = 0]] of entries.entries()) {
        acl.writeUInt16LE(tag, 4 + index * 8);
        acl.writeUInt16LE(bits, 6 + index * 8);
        acl.writeInt32LE(id, 8 + index * 8);
      }
      const script =
        'import os,sys; os.setxattr(sys.argv[1], sys.argv[2], bytes.fromhex(sys.argv[3]))';
      const args = [join(at, 'conf'), 'system.posix_acl_access', acl.toString('hex')];
      execFileSync('/usr/bin/python3', ['-c', script, ...args]);
      return 'conf';
    },
    /^users other than root may write to it \(mode 0664\)$/,
  ],
  [
    'a loop of links',
    (at) => {
      symlinkSync('loop', join(at, 'loop'));
      return 'loop';
    },
    /ELOOP/,
  ],
  [
    'links that name each other a million times',
    (at) => {
      symlinkSync('x/'.repeat(300), join(at, 'x'));
      return 'x';
    },
    /ELOOP/,
  ],
  ['a file where a folder is expected', () => 'conf/x', /ENOTDIR/],
  ['a name that is too long', () => 'x'.repeat(300), /ENAMETOOLONG/],
];

describe('a path is walked with a descriptor for each component', () => {
  for (const [name, make, reason] of ROWS) {
    test(name, () => {
      const at = newPlace();
      const path = join(at, make(at));
      const before = listOpen(at);
      const verdict = judgePath(path);
      assert.deepEqual(listOpen(at), before, 'no descriptor is left open');
      assert.equal(verdict.trusted, reason === null, JSON.stringify(verdict));
      if (!verdict.trusted) assert.match(verdict.reason, reason ?? /^$/);
    });
  }

  test('the real path is that of the kernel, `..` behind a link too', () => {
    const at = newPlace();
    mkdirSync(join(at, 'd/e'), { recursive: true });
    symlinkSync('d/e', join(at, 'link'));
    for (const path of [`${at}/link/../../conf`, `${at}/./link//.`, '/../..//tmp/..']) {
      assert.equal(judgePath(path).path, realpathSync.native(path));
    }
  });

  test('a pipe, a device and a socket are only looked at, never opened', () => {
    const at = newPlace();
    execFileSync('mkfifo', [join(at, 'pipe')]);
    for (const path of [join(at, 'pipe'), '/dev/zero']) {
      walkPath(path, ({ file }) => {
        assert.ok(file !== null && !file.stat.isFile());
        assert.throws(() => readdirSync(`/proc/self/fd/${file.fd}/`), /ENOTDIR/);
      });
    }
  });

  test('what is exchanged afterwards changes nothing of what was opened', () => {
    const at = newPlace();
    walkPath(join(at, 'alice/env'), ({ file, folder }) => {
      execFileSync('mv', [join(at, 'alice'), join(at, 'moved')]);
      symlinkSync('/etc', join(at, 'alice'));
      assert.equal(realpathSync(`/proc/self/fd/${folder.fd}`), join(at, 'moved'));
      assert.equal(realpathSync(`/proc/self/fd/${file?.fd}`), join(at, 'moved/env'));
    });
  });
});
