import { after, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  readUserFile,
  resolveTarget,
  sweepTemporaries,
  writeUserFile,
  type FileEdit,
} from '../../src/act/atomic-write.ts';
import { UserError } from '../../src/errors.ts';

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
  test('owner, mode and extended attributes stay', async () => {
    const path = join(newFolder(), 'web.service');
    writeFileSync(path, 'old');
    chownSync(path, 33, 34);
    chmodSync(path, 0o664);
    python('import os,sys; os.setxattr(sys.argv[1], "user.note", b"kept")', path);
    await writeUserFile(edit(path, 'old', 'new'), nothing);
    assert.equal(readFileSync(path, 'utf8'), 'new');
    const { uid, gid, mode } = statSync(path);
    assert.deepEqual([uid, gid, mode & 0o7777], [33, 34, 0o664]);
    const note = python(
      'import os,sys; print(os.getxattr(sys.argv[1], "user.note").decode())',
      path,
    );
    assert.equal(note, 'kept');
  });

  test('a reader with the old file open keeps the old content, and nobody sees half of it', async () => {
    const path = join(newFolder(), 'web.service');
    writeFileSync(path, 'old');
    const seen: string[] = [];
    await writeUserFile(edit(path, 'old', 'new'), () => seen.push(readFileSync(path, 'utf8')));
    assert.deepEqual(new Set(seen), new Set(['old', 'new']));
  });

  test('a link stays a link: its target is replaced', async () => {
    const folder = newFolder();
    mkdirSync(join(folder, 'target'));
    writeFileSync(join(folder, 'target', 'web.service'), 'old');
    symlinkSync('target/web.service', join(folder, 'web.service'));
    const path = await resolveTarget(join(folder, 'web.service'));
    assert.equal(path, join(folder, 'target', 'web.service'));
    await writeUserFile(edit(path, 'old', 'new'), nothing);
    assert.ok(lstatSync(join(folder, 'web.service')).isSymbolicLink());
    assert.equal(readFileSync(join(folder, 'web.service'), 'utf8'), 'new');
  });

  test('a link to nowhere is refused', async () => {
    const path = join(newFolder(), 'web.service');
    symlinkSync('nowhere', path);
    await assert.rejects(resolveTarget(path), /a link whose target does not exist/);
  });

  test('what the file system does not give is told with its path, and is no bug', async () => {
    const loop = join(newFolder(), 'web.service');
    symlinkSync('web.service', loop);
    const long = join(newFolder(), 'x'.repeat(300));
    const isFault = (path: string, says: RegExp) => (error: unknown) =>
      error instanceof UserError &&
      error.message.startsWith(`${path}: `) &&
      says.test(error.message);
    for (const work of [readUserFile, resolveTarget]) {
      await assert.rejects(work(loop), isFault(loop, /a loop of links.*ELOOP/));
      await assert.rejects(work(long), isFault(long, /too long.*ENAMETOOLONG/));
    }
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
    test(`${name} is left alone`, async () => {
      const folder = newFolder();
      const path = join(folder, 'web.service');
      writeFileSync(path, 'old');
      const step = (step: string): void => void (step.startsWith(at) && disturb(path));
      await assert.rejects(
        writeUserFile(edit(path, before, 'new'), step),
        /somebody else changed it/,
      );
      assert.notEqual((await readUserFile(path))?.toString(), 'new');
      assert.ok(readdirSync(folder).every((each) => each === 'web.service'));
    });
  }

  test('a file that appears at the last moment is not overwritten', async () => {
    const path = join(newFolder(), '50-autoscaler.conf');
    const step = (name: string): void =>
      void (name.startsWith('put in place') && writeFileSync(path, 'theirs'));
    await assert.rejects(writeUserFile(edit(path, null, 'ours'), step), /somebody else changed it/);
    assert.equal(readFileSync(path, 'utf8'), 'theirs');
  });

  test('a fifo is no unit file, and does not hang us', async () => {
    const path = join(newFolder(), 'web.service');
    execFileSync('mkfifo', [path]);
    await assert.rejects(writeUserFile(edit(path, 'old', 'new'), nothing), /not a regular file/);
  });

  test('a file is removed only while it is as it was', async () => {
    const path = join(newFolder(), '50-autoscaler.conf');
    writeFileSync(path, 'ours, edited');
    await assert.rejects(writeUserFile(edit(path, 'ours', null), nothing), /somebody else/);
    await writeUserFile(edit(path, 'ours, edited', null), nothing);
    assert.equal(existsSync(path), false);
  });

  test('a full disk: the file is as it was, nothing is left, the message says so', async () => {
    const folder = newFolder();
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder]);
    try {
      const path = join(folder, 'web.service');
      writeFileSync(path, 'old');
      const big = 'x'.repeat(200_000);
      await assert.rejects(
        writeUserFile(edit(path, 'old', big), nothing),
        (error: unknown) =>
          error instanceof UserError && /no space left.*the file is as it was/.test(error.message),
      );
      assert.equal(readFileSync(path, 'utf8'), 'old');
      assert.deepEqual(readdirSync(folder), ['web.service']);
    } finally {
      execFileSync('umount', [folder]);
    }
  });

  test('a read-only file system is told in words', async () => {
    const folder = newFolder();
    writeFileSync(join(folder, 'web.service'), 'old');
    execFileSync('mount', ['--bind', folder, folder]);
    try {
      execFileSync('mount', ['-o', 'remount,ro,bind', folder]);
      const path = join(folder, 'web.service');
      await assert.rejects(writeUserFile(edit(path, 'old', 'new'), nothing), /read-only \(EROFS\)/);
    } finally {
      execFileSync('umount', [folder]);
    }
  });
});

test('only the temporary files of the same file are swept up', async () => {
  const folder = newFolder();
  const path = join(folder, 'web.service');
  writeFileSync(path, 'old');
  // killed right before the rename
  const died = (at: string): void => {
    if (at.startsWith('put in place')) cpSync(folder, `${folder}.died`, { recursive: true });
  };
  await writeUserFile(edit(path, 'old', 'new'), died);
  const left = readdirSync(`${folder}.died`).filter((name) => name !== 'web.service');
  assert.equal(left.length, 1);
  for (const name of [...left, '.autoscaler-0123456789abcdef.tmp', '.autoscaler.conf.swp']) {
    writeFileSync(join(folder, name), '');
  }
  await sweepTemporaries(path);
  assert.deepEqual(readdirSync(folder).sort(), [
    '.autoscaler-0123456789abcdef.tmp',
    '.autoscaler.conf.swp',
    'web.service',
  ]);
});
