import { after, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import {
  appendFileSync,
  chownSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MOST_BYTES, readFile, type FoundFile } from '../../../src/host/files/read.ts';
import { listOpen } from '../../open-descriptors.ts';

const root = mkdtempSync(join(tmpdir(), 'autoscaler-read-'));
after(() => rmSync(root, { recursive: true, force: true }));

const at = (name: string): string => join(root, name);

function link(name: string, target: string): string {
  symlinkSync(target, at(name));
  return at(name);
}

function write(name: string, size: number): string {
  writeFileSync(at(name), Buffer.alloc(size, 'a'));
  return at(name);
}

function found(path: string): FoundFile {
  const read = readFile(path);
  assert.ok('bytes' in read, 'fault' in read ? read.reason : '');
  return read;
}

/** What nobody gets to read, and what is said of it. */
const ROWS: [name: string, make: () => string, fault: string, reason: RegExp][] = [
  ['nothing', () => at('none'), 'missing', /ENOENT/],
  ['nothing, in folders that are not there', () => at('none/of/these'), 'missing', /ENOENT/],
  ['a link to nothing', () => link('dangling', 'none'), 'missing', /ENOENT/],
  ['a loop of links', () => link('loop', 'loop'), 'ELOOP', /ELOOP/],
  ['a folder', () => root, 'folder', /^a folder/],
  [
    'a pipe',
    () => {
      execFileSync('mkfifo', [at('pipe')]);
      return at('pipe');
    },
    'not a file',
    /^a pipe/,
  ],
  ['/dev/zero behind a link', () => link('zero', '/dev/zero'), 'not a file', /^a device/],
  ['a terminal', () => link('tty', '/dev/tty'), 'not a file', /^a device/],
  ['a file of /proc', () => link('proc', '/proc/self/environ'), 'not a file', /kernel/],
  ["the kernel's log, which waits", () => link('kmsg', '/proc/kmsg'), 'not a file', /kernel/],
  ['one byte too many', () => write('large', MOST_BYTES + 1), 'too large', /^larger than 256 KB$/],
  [
    'a hole of a terabyte',
    () => {
      write('hole', 0);
      truncateSync(at('hole'), 2 ** 40);
      return at('hole');
    },
    'too large',
    /256 KB/,
  ],
];

describe('what is no plain file of a sensible size is not read, and not waited for', () => {
  for (const [name, make, fault, reason] of ROWS) {
    test(name, () => {
      const path = make();
      const places = [root, '/dev/zero', '/dev/tty', '/proc/kmsg'];
      const before = listOpen(...places);
      const read = readFile(path);
      assert.ok('fault' in read);
      assert.equal(read.fault, fault);
      assert.match(read.reason, reason);
      assert.deepEqual(listOpen(...places), before, 'no descriptor is left open');
    });
  }

  test('a socket', async () => {
    const server = createServer().listen(at('socket'));
    await new Promise((resolve) => server.once('listening', resolve));
    const read = readFile(at('socket'));
    server.close();
    assert.match('reason' in read ? read.reason : '', /^a socket/);
  });
});

describe('a plain file', () => {
  test('is given as it is, with its owner and the verdict on it', () => {
    const path = write('plain', 10);
    chownSync(path, 1000, 1001);
    const { bytes, stat, verdict } = found(path);
    assert.equal(bytes.toString(), 'a'.repeat(10));
    assert.deepEqual([stat.uid, stat.gid, verdict.trusted], [1000n, 1001n, false]);
  });

  test('of exactly the limit, and an empty one', () => {
    assert.equal(found(write('exact', MOST_BYTES)).bytes.length, MOST_BYTES);
    assert.equal(found(write('empty', 0)).bytes.length, 0);
  });

  test('/dev/null is empty: a link to it masks a unit', () => {
    assert.equal(found(link('masked', '/dev/null')).bytes.length, 0);
  });

  test('the path is the real one', () => {
    const path = write('real', 1);
    const read = readFile(link('name', path));
    assert.equal('path' in read ? read.path : '', path);
  });

  test('one that somebody holds a lease of is not waited for', async () => {
    const path = write('leased', 1);
    const script = `import fcntl, os, sys, time
fd = os.open(sys.argv[1], os.O_RDWR)
fcntl.fcntl(fd, 1024, 1)
print('held', flush=True)
time.sleep(60)`;
    const holder = spawn('/usr/bin/python3', ['-c', script, path]);
    await new Promise((resolve) => holder.stdout.once('data', resolve));
    const began = Date.now();
    const read = readFile(path);
    assert.ok(Date.now() - began < 20_000);
    holder.kill('SIGKILL');
    assert.equal('fault' in read ? read.fault : 'read', 'EAGAIN');
  });

  test('one that grows all the while is read whole, or not at all', () => {
    const path = at('growing');
    writeFileSync(path, '');
    const writer = spawn('/bin/sh', ['-c', 'while :; do printf aaaaaaaa; done >> "$0"', path]);
    try {
      for (const end = Date.now() + 500; Date.now() < end;) {
        const size = statSync(path).size;
        const read = readFile(path);
        if ('bytes' in read) assert.ok(read.bytes.length >= size && !read.bytes.includes(0));
        else assert.ok(['changing', 'too large'].includes(read.fault), read.fault);
      }
    } finally {
      writer.kill('SIGKILL');
    }
  });
});

test('10 KB to 64 MB: no more is held in memory than the limit, and no longer is taken', () => {
  const sizes = [10_000, 100_000, 250_000, 1_000_000, 4_000_000, 64_000_000];
  const paths = sizes.map((size) => write(`size-${size}`, size));
  for (const path of paths) appendFileSync(path, '\n');
  const before = process.memoryUsage().rss;
  const took = paths.map((path) => {
    // of the processor: other work on the machine does not count
    const began = process.cpuUsage();
    for (let times = 0; times < 100; times++) readFile(path);
    const { user, system } = process.cpuUsage(began);
    return (user + system) / 1e5;
  });
  assert.ok(process.memoryUsage().rss - before < 100_000_000);
  assert.ok(
    took.every((ms) => ms < 20),
    `${took.map((ms) => ms.toFixed(2)).join(', ')} ms`,
  );
});
