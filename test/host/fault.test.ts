import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { openSync, readdirSync } from 'node:fs';
import { execa } from 'execa';
import { EXIT, UserError } from '../../src/errors.ts';
import { toUserError } from '../../src/host/fault.ts';

/** What `work` throws, as an error for people; null: it would be called a bug. */
async function faultOf(work: () => unknown): Promise<UserError | null> {
  try {
    await work();
  } catch (error) {
    return toUserError(error);
  }
  throw new Error('it was to fail');
}

/** As Node makes it of a read from an open file: without a path. */
const EIO = Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO', syscall: 'read' });

describe('what the host does not let us do is never called a bug', () => {
  const rows: [name: string, work: () => unknown, says: RegExp, code: number][] = [
    ['a file that is missing', () => openSync('/no/file', 'r'), /^\/no\/file: .*ENOENT/, 1],
    [
      'a folder that is none',
      () => readdirSync('/etc/hostname'),
      /a file where a folder is .*ENOTDIR/,
      1,
    ],
    [
      'a disk that fails',
      () => {
        throw EIO;
      },
      /^the disk reports an error \(EIO\) \(read\)$/,
      1,
    ],
    [
      'what may not be done',
      () => {
        throw Object.assign(new Error('EACCES'), { code: 'EACCES', syscall: 'open', path: '/a' });
      },
      /^\/a: permission denied/,
      EXIT.permission,
    ],
    ['a program that is missing', () => execa('/no/program'), /\/no\/program.*ENOENT|ENOENT/, 1],
    ['a program that fails', () => execa('cp', ['/no/file', '/tmp']), /cannot stat/, 1],
  ];
  for (const [name, work, says, code] of rows) {
    test(name, async () => {
      const fault = await faultOf(work);
      assert.match(fault?.message ?? '', says);
      assert.equal(fault?.exitCode, code);
    });
  }

  test('a path that the system does not tell is added', () => {
    assert.match(
      toUserError(EIO, '/etc/web.service')?.message ?? '',
      /^\/etc\/web\.service: the disk/,
    );
  });

  test('a fault of our own stays one, and what was said for people stays as it is', () => {
    assert.equal(toUserError(new TypeError('x is not a function')), null);
    assert.equal(
      toUserError(Object.assign(new Error('x'), { code: 'ERR_INVALID_ARG_TYPE' })),
      null,
    );
    const said = new UserError(EXIT.config, 'said');
    assert.equal(toUserError(said), said);
  });
});
