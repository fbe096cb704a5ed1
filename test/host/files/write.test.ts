import { after, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  rmdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { UserError } from '../../../src/errors.ts';
import { Foreign } from '../../../src/host/files/folders.ts';
import { readTarget } from '../../../src/host/files/target.ts';
import { sweepTemporaries } from '../../../src/host/files/temporaries.ts';
import { writeUserFile, type FileEdit } from '../../../src/host/files/write.ts';
import { listOpen } from '../../open-descriptors.ts';

const root = mkdtempSync(join(tmpdir(), 'autoscaler-write-'));
after(() => rmSync(root, { recursive: true, force: true }));

const nothing = (): void => undefined;

function newFolder(): string {
  return mkdtempSync(join(root, 'case-'));
}

function edit(path: string, before: string | null, after: string | null): FileEdit {
  const bytes = (text: string | null): Buffer | null => (text === null ? null : Buffer.from(text));
  return { path, before: bytes(before), after: bytes(after) };
}

function python(script: string, ...args: string[]): string {
  return execFileSync('/usr/bin/python3', ['-c', script, ...args], { encoding: 'utf8' }).trim();
}

describe('writeUserFile', () => {
  test('owner, mode and extended attributes stay', () => {
    const path = join(newFolder(), 'web.service');
    writeFileSync(path, 'old');
    chownSync(path, 0, 34);
    chmodSync(path, 0o640);
    python('import os,sys; os.setxattr(sys.argv[1], "user.note", b"kept")', path);
    writeUserFile(edit(path, 'old', 'new'), nothing);
    assert.equal(readFileSync(path, 'utf8'), 'new');
    const { uid, gid, mode } = statSync(path);
    assert.deepEqual([uid, gid, mode & 0o7777], [0, 34, 0o640]);
    const note = python(
      'import os,sys; print(os.getxattr(sys.argv[1], "user.note").decode())',
      path,
    );
    assert.equal(note, 'kept');
  });

  test('a reader with the old file open keeps the old content, and nobody sees half of it', () => {
    const path = join(newFolder(), 'web.service');
    writeFileSync(path, 'old');
    const seen: string[] = [];
    writeUserFile(edit(path, 'old', 'new'), () => seen.push(readFileSync(path, 'utf8')));
    assert.deepEqual(new Set(seen), new Set(['old', 'new']));
  });

  test('a link stays a link: its target is replaced', () => {
    const folder = newFolder();
    mkdirSync(join(folder, 'target'));
    writeFileSync(join(folder, 'target', 'web.service'), 'old');
    symlinkSync('target/web.service', join(folder, 'web.service'));
    const { path } = readTarget(join(folder, 'web.service'));
    assert.equal(path, join(folder, 'target', 'web.service'));
    writeUserFile(edit(path, 'old', 'new'), nothing);
    assert.ok(lstatSync(join(folder, 'web.service')).isSymbolicLink());
    assert.equal(readFileSync(join(folder, 'web.service'), 'utf8'), 'new');
  });

  test('a link to nowhere is refused', () => {
    const path = join(newFolder(), 'web.service');
    symlinkSync('nowhere', path);
    assert.throws(() => readTarget(path), /a link whose target does not exist/);
  });

  test('what the file system does not give is told with its path, and is no bug', () => {
    const loop = join(newFolder(), 'web.service');
    symlinkSync('web.service', loop);
    const long = join(newFolder(), 'x'.repeat(300));
    const isFault = (path: string, says: RegExp) => (error: unknown) =>
      error instanceof UserError &&
      error.message.startsWith(`${path}: `) &&
      says.test(error.message);
    assert.throws(() => readTarget(loop), isFault(loop, /a loop of links.*ELOOP/));
    assert.throws(() => readTarget(long), isFault(long, /too long.*ENAMETOOLONG/));
  });

  const conflicts: {
    name: string;
    before: string | null;
    disturb: (path: string) => void;
    at: string;
  }[] = [
    {
      name: 'a file that is not what the plan read',
      ...{ before: 'other', at: 'nothing', disturb: nothing },
    },
    {
      name: 'a file that is edited while the new one is written',
      ...{ before: 'old', at: 'sync temporary', disturb: (path) => writeFileSync(path, 'edit') },
    },
    {
      name: 'a file that is replaced (as editors do) by one of the same content',
      ...{ before: 'old', at: 'sync temporary' },
      disturb: (path) => {
        rmSync(path);
        writeFileSync(path, 'old');
      },
    },
    {
      name: 'a file that is removed while the new one is written',
      ...{ before: 'old', at: 'sync temporary', disturb: (path) => rmSync(path) },
    },
  ];
  for (const { name, before, at, disturb } of conflicts) {
    test(`${name} is left alone`, () => {
      const folder = newFolder();
      const path = join(folder, 'web.service');
      writeFileSync(path, 'old');
      const step = (step: string): void => void (step.startsWith(at) && disturb(path));
      assert.throws(
        () => writeUserFile(edit(path, before, 'new'), step),
        /somebody else changed it/,
      );
      assert.notEqual(readTarget(path).bytes?.toString(), 'new');
      assert.ok(readdirSync(folder).every((each) => each === 'web.service'));
    });
  }

  test('a file that appears at the last moment is not overwritten', () => {
    const path = join(newFolder(), '50-autoscaler.conf');
    const step = (name: string): void =>
      void (name.startsWith('put in place') && writeFileSync(path, 'theirs'));
    assert.throws(() => writeUserFile(edit(path, null, 'ours'), step), /somebody else changed it/);
    assert.equal(readFileSync(path, 'utf8'), 'theirs');
  });

  test('nothing is left open, whatever happens', () => {
    const path = join(newFolder(), 'web.service');
    writeFileSync(path, 'old');
    const before = listOpen(root);
    writeUserFile(edit(path, 'old', 'new'), nothing);
    assert.throws(() => writeUserFile(edit(path, 'old', 'newer'), nothing), /somebody else/);
    writeUserFile(edit(path, 'new', null), nothing);
    assert.deepEqual(listOpen(root), before);
  });

  test('a fifo is no unit file, and does not hang us', () => {
    const path = join(newFolder(), 'web.service');
    execFileSync('mkfifo', [path]);
    assert.throws(
      () => writeUserFile(edit(path, 'old', 'new'), nothing),
      /cannot be read \(a pipe/,
    );
  });

  test('a file is removed only while it is as it was', () => {
    const path = join(newFolder(), '50-autoscaler.conf');
    writeFileSync(path, 'ours, edited');
    assert.throws(() => writeUserFile(edit(path, 'ours', null), nothing), /somebody else/);
    writeUserFile(edit(path, 'ours, edited', null), nothing);
    assert.equal(existsSync(path), false);
  });

  test('a full disk: the file is as it was, nothing is left, the message says so', () => {
    const folder = newFolder();
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder]);
    try {
      const path = join(folder, 'web.service');
      writeFileSync(path, 'old');
      const big = 'x'.repeat(200_000);
      assert.throws(
        () => writeUserFile(edit(path, 'old', big), nothing),
        (error: unknown) =>
          error instanceof UserError && /no space left.*the file is as it was/.test(error.message),
      );
      assert.equal(readFileSync(path, 'utf8'), 'old');
      assert.deepEqual(readdirSync(folder), ['web.service']);
    } finally {
      execFileSync('umount', [folder]);
    }
  });

  test('a read-only file system is told in words', () => {
    const folder = newFolder();
    writeFileSync(join(folder, 'web.service'), 'old');
    execFileSync('mount', ['--bind', folder, folder]);
    try {
      execFileSync('mount', ['-o', 'remount,ro,bind', folder]);
      const path = join(folder, 'web.service');
      assert.throws(() => writeUserFile(edit(path, 'old', 'new'), nothing), /read-only \(EROFS\)/);
    } finally {
      execFileSync('umount', [folder]);
    }
  });
});

describe('bits and attributes that come from the file as it was', () => {
  test('setuid, setgid and sticky are never given', () => {
    const path = join(newFolder(), 'web.service');
    writeFileSync(path, 'old');
    chmodSync(path, 0o7755);
    writeUserFile(edit(path, 'old', 'new'), nothing);
    assert.equal(statSync(path).mode & 0o7777, 0o755);
  });

  test('an ACL stays, and the rights of a program do not', () => {
    const path = join(newFolder(), 'web.service');
    writeFileSync(path, 'old', { mode: 0o640 });
    // user::rw-, user:1000:r--, group::r--, mask::r--, other::---
    const acl =
      '0200000001000600ffffffff02000400e803000004000400ffffffff10000400ffffffff20000000ffffffff';
    const capability = '0100000200040000000000000000000000000000';
    python(
      `import os,sys
os.setxattr(sys.argv[1], "system.posix_acl_access", bytes.fromhex("${acl}"))
os.setxattr(sys.argv[1], "security.capability", bytes.fromhex("${capability}"))`,
      path,
    );
    writeUserFile(edit(path, 'old', 'new'), nothing);
    const list = 'import os,sys; print(sorted(os.listxattr(sys.argv[1])))';
    assert.equal(python(list, path), "['system.posix_acl_access']");
    const read = 'import os,sys; print(os.getxattr(sys.argv[1], "system.posix_acl_access").hex())';
    assert.equal(python(read, path), acl);
    assert.equal(statSync(path).mode & 0o7777, 0o640);
  });
});

describe('what is not root’s alone is never written, and nothing behind it', () => {
  const ALICE = 1000;
  const VICTIM = 'PATH=old\n';

  /** A path that an edit of `old` is tried at, in a place where `victim` is somebody else's. */
  const TRAPS: [name: string, make: (place: string) => string][] = [
    [
      'a file of hers',
      (place) => {
        writeFileSync(join(place, 'alice/env'), VICTIM);
        chownSync(join(place, 'alice/env'), ALICE, ALICE);
        return 'alice/env';
      },
    ],
    [
      "root's file in her folder",
      (place) => {
        writeFileSync(join(place, 'alice/env'), VICTIM);
        return 'alice/env';
      },
    ],
    [
      "her link to root's file",
      (place) => {
        symlinkSync('../victim', join(place, 'alice/env'));
        lchownSync(join(place, 'alice/env'), ALICE, ALICE);
        return 'alice/env';
      },
    ],
    [
      "root's link into her folder, where a link leads back to root's file",
      (place) => {
        symlinkSync('../victim', join(place, 'alice/env'));
        symlinkSync('alice/env', join(place, 'env'));
        return 'env';
      },
    ],
    [
      "her folder, exchanged for a link to root's",
      (place) => {
        rmdirSync(join(place, 'alice'));
        symlinkSync('.', join(place, 'alice'));
        lchownSync(join(place, 'alice'), ALICE, ALICE);
        return 'alice/victim';
      },
    ],
    [
      'a file of root’s that her group may write',
      (place) => {
        writeFileSync(join(place, 'env'), VICTIM);
        chownSync(join(place, 'env'), 0, ALICE);
        chmodSync(join(place, 'env'), 0o660);
        return 'env';
      },
    ],
    ['what is not there yet, in her folder', () => 'alice/none'],
  ];
  for (const [name, make] of TRAPS) {
    test(name, () => {
      const place = newFolder();
      chmodSync(place, 0o755);
      mkdirSync(join(place, 'alice'));
      chownSync(join(place, 'alice'), ALICE, ALICE);
      writeFileSync(join(place, 'victim'), VICTIM);
      const path = join(place, make(place));
      const before = existsSync(path) ? VICTIM : null;
      const look = (): unknown =>
        readdirSync(place, { recursive: true, withFileTypes: true })
          .map((entry) => join(entry.parentPath, entry.name))
          .map((each) => [each, lstatSync(each, { bigint: true })])
          .map(([each, stat]) => [each, { ...(stat as object), atimeNs: 0, atimeMs: 0, atime: 0 }]);
      const was = look();
      assert.throws(() => readTarget(path), Foreign);
      for (const each of [path, realpathSync(before === null ? dirname(path) : path)]) {
        // a real path that is all root's is no way of hers
        if (each === join(place, 'victim')) continue;
        const target = before === null && each !== path ? join(each, 'none') : each;
        assert.throws(() => writeUserFile(edit(target, before, 'new'), nothing), Foreign);
        sweepTemporaries(target);
      }
      assert.deepEqual(look(), was);
    });
  }

  test('a file that becomes hers while it is planned', () => {
    const path = join(newFolder(), 'env');
    writeFileSync(path, 'old');
    const { path: target } = readTarget(path);
    chownSync(path, ALICE, ALICE);
    assert.throws(() => writeUserFile(edit(target, 'old', 'new'), nothing), Foreign);
    assert.equal(readFileSync(path, 'utf8'), 'old');
  });
});

test('only the temporary files of the same file are swept up', () => {
  const folder = newFolder();
  const path = join(folder, 'web.service');
  writeFileSync(path, 'old');
  // killed right before the rename
  const died = (at: string): void => {
    if (at.startsWith('put in place')) cpSync(folder, `${folder}.died`, { recursive: true });
  };
  writeUserFile(edit(path, 'old', 'new'), died);
  const left = readdirSync(`${folder}.died`).filter((name) => name !== 'web.service');
  assert.equal(left.length, 1);
  for (const name of [...left, '.autoscaler-0123456789abcdef.tmp', '.autoscaler.conf.swp']) {
    writeFileSync(join(folder, name), '');
  }
  sweepTemporaries(path);
  assert.deepEqual(readdirSync(folder).sort(), [
    '.autoscaler-0123456789abcdef.tmp',
    '.autoscaler.conf.swp',
    'web.service',
  ]);
});
