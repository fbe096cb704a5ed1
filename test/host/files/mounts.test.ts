import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { judgeMount, outlivesKill, parseMounts } from '../../../src/host/files/mounts.ts';

const LINE = '36 35 0:45 / /srv/alice rw,relatime shared:1 - fuse hung rw,user_id=1001,group_id=0';

function parseOne(line: string) {
  return [...parseMounts([line]).byId.values()][0];
}

describe('a line of mountinfo', () => {
  const rows: [name: string, line: string, expected: object | undefined][] = [
    [
      'FUSE says who serves it',
      LINE,
      { id: 36, device: '0:45', point: '/srv/alice', type: 'fuse', uid: 1001 },
    ],
    [
      'no optional field',
      '27 1 254:0 / / rw - ext4 /dev/vda rw',
      { id: 27, device: '254:0', point: '/', type: 'ext4', uid: null },
    ],
    [
      'two optional fields, and a subtype',
      '5 1 0:9 /a /b rw shared:1 master:2 - fuse.sshfs a:/b rw,user_id=0,group_id=0',
      { id: 5, device: '0:9', point: '/b', type: 'fuse.sshfs', uid: 0 },
    ],
    [
      'a blank, a backslash, a line break and UTF-8 in the name of the folder',
      '5 1 0:9 / /a\\040b\\134c\\012\xc3\xa9 rw - nfs4 s:/ rw',
      { id: 5, device: '0:9', point: '/a b\\c\né', type: 'nfs4', uid: null },
    ],
    [
      'a folder named like the hyphen is none',
      '5 1 0:9 / - - - tmpfs none rw',
      { id: 5, device: '0:9', point: '-', type: 'tmpfs', uid: null },
    ],
    [
      'a source named like an option says nothing',
      '5 1 0:9 / /b rw - fuse user_id=0 rw,user_id=1001,group_id=0',
      { id: 5, device: '0:9', point: '/b', type: 'fuse', uid: 1001 },
    ],
    [
      'user_id of another file system than FUSE is an option of its own',
      '5 1 0:9 / /b rw - cifs //s/b rw,user_id=1001',
      { id: 5, device: '0:9', point: '/b', type: 'cifs', uid: null },
    ],
    [
      'no source',
      '5 1 0:9 / /b rw - tmpfs  rw',
      { id: 5, device: '0:9', point: '/b', type: 'tmpfs', uid: null },
    ],
    ['nonsense', 'x y z', undefined],
    ['the second half of a line that was cut', '45 / /srv/alice rw - fuse hung rw', undefined],
    ['nothing', '', undefined],
  ];
  for (const [name, line, expected] of rows) {
    test(name, () => assert.deepEqual(parseOne(line), expected));
  }

  test('where one mount lies over another, one gets to the last of them', () => {
    const table = parseMounts(['1 0 0:1 / /m rw - autofs a rw\n2 1 0:2 / /m rw - nfs s:/ rw\n']);
    assert.equal(table.last.get('/m')?.type, 'nfs');
    assert.equal(table.byId.get(1)?.type, 'autofs');
  });

  test('4 MB of nonsense are read in no time', () => {
    const nonsense = ['- '.repeat(2 ** 21), '1 2 0:1 '.repeat(2 ** 19), '\\040'.repeat(2 ** 20)];
    const startMs = process.cpuUsage().user / 1000;
    for (const text of nonsense) parseMounts([text, `1 1 0:1 / ${text} rw - nfs s rw`]);
    assert.ok(process.cpuUsage().user / 1000 - startMs < 5000);
  });
});

describe('a mount is walked into', () => {
  const base = { id: 5, device: '0:9', point: '/b', uid: null };
  const rows: [expected: string, type: string, uid?: number][] = [
    ['free', 'ext4'],
    ['free', 'xfs'],
    ['free', 'btrfs'],
    ['free', 'tmpfs'],
    ['free', 'overlay'],
    ['free', 'proc'],
    ['ask', 'nfs4'],
    ['ask', 'cifs'],
    ['ask', '9p'],
    ['ask', 'virtiofs'],
    ['ask', 'autofs'],
    ['ask', 'one of tomorrow'],
    ['ask', 'fuse.sshfs', 0],
    ['ask', 'fuseblk', 0],
    ['never', 'fuse', 1001],
    ['never', 'fuse.ext4', 1001],
  ];
  for (const [expected, type, uid = null] of rows) {
    test(`${type}${uid === null ? '' : ` of user ${uid}`}: ${expected}`, () =>
      assert.equal(judgeMount({ ...base, type, uid }, 0), expected));
  }

  test('that of the very user who runs this: ask', () =>
    assert.equal(judgeMount({ ...base, type: 'fuse', uid: 1001 }, 1001), 'ask'));

  test('that at /, where this program comes from: free', () =>
    assert.equal(judgeMount({ ...base, type: 'fuse', uid: 0, point: '/' }, 0), 'free'));

  test('who waits for a process may outlive SIGKILL, who waits for a server of NFS does not', () => {
    assert.ok(outlivesKill({ ...base, type: 'fuse.sshfs' }));
    assert.ok(!outlivesKill({ ...base, type: 'nfs4' }));
  });
});
