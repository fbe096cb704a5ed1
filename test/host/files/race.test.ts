import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import {
  chownSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../../../src/errors.ts';
import { Foreign } from '../../../src/host/files/folders.ts';
import { replaceOutput } from '../../../src/host/files/output.ts';
import { MOST_BYTES, readFile } from '../../../src/host/files/read.ts';
import { readTarget } from '../../../src/host/files/target.ts';
import { writeUserFile } from '../../../src/host/files/write.ts';

const ALICE = 1000;
/** Each race; the hostile suite of the lab has the long ones. */
const RACE_MS = 1500;

/** Exchanges two names in her folder all the while (renameat2 with RENAME_EXCHANGE), as user 1000. */
const EXCHANGE = `
import ctypes, os, sys
os.chdir(sys.argv[1])
os.setresgid(${ALICE}, ${ALICE}, ${ALICE})
os.setresuid(${ALICE}, ${ALICE}, ${ALICE})
libc = ctypes.CDLL(None, use_errno=True)
print('on', flush=True)
pairs = [pair.encode().split(b'=') for pair in sys.argv[2:]]
missed = 0
while True:
    for a, b in pairs:
        # one that hides the other takes turns with it
        missed = 0 if libc.syscall(316, -100, a, -100, b, 2) == 0 else missed + 1
        if missed > 1000:
            sys.exit(os.strerror(ctypes.get_errno()))
`;

const root = mkdtempSync(join(tmpdir(), 'autoscaler-race-'));
chmodSync(root, 0o755);
after(() => rmSync(root, { recursive: true, force: true }));

interface Place {
  hers: string;
  victim: string;
}

/** Her folder `app` with a file `env`, and a folder of root's with a file of the same name. */
function newPlace(): Place {
  const place = mkdtempSync(join(root, 'case-'));
  chmodSync(place, 0o755);
  const hers = join(place, 'alice');
  const victim = join(place, 'etc');
  mkdirSync(join(hers, 'app'), { recursive: true });
  mkdirSync(victim);
  writeFileSync(join(victim, 'env'), 'W=2\n', { mode: 0o600 });
  writeFileSync(join(hers, 'app/env'), 'W=2\n');
  for (const path of [hers, join(hers, 'app'), join(hers, 'app/env')])
    chownSync(path, ALICE, ALICE);
  return { hers, victim };
}

/** Runs her shell commands in her folder, then her exchanges as long as `work` takes. */
async function race(
  { hers }: Place,
  prepare: string,
  pairs: string[],
  work: () => void,
): Promise<number> {
  const shell = spawnSync('/bin/sh', ['-ec', 'cd "$0"; eval "$1"', hers, prepare], {
    ...{ uid: ALICE, gid: ALICE, encoding: 'utf8' },
  });
  assert.equal(shell.status, 0, shell.stderr);
  const attacker: ChildProcess = spawn('/usr/bin/python3', ['-c', EXCHANGE, hers, ...pairs], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => attacker.stdout?.once('data', resolve));
  let times = 0;
  try {
    for (const end = Date.now() + RACE_MS; Date.now() < end; times++) work();
  } finally {
    attacker.kill('SIGKILL');
  }
  assert.equal(attacker.exitCode, null, 'the attack itself has failed');
  return times;
}

describe(
  'somebody exchanges files and folders on the way all the while',
  { concurrency: 2 },
  () => {
    before(() => assert.equal(process.getuid?.(), 0, 'these tests need root'));

    for (const [name, prepare, pairs] of [
      ["her folder for a link to root's", 'ln -s ../etc link', ['app=link']],
      ["her file for a link to root's", 'ln -s ../../etc/env app/link', ['app/env=app/link']],
      [
        'both at once',
        'ln -s ../etc link; ln -s ../../etc/env app/link',
        ['app=link', 'app/env=app/link'],
      ],
    ] as const) {
      test(`the writer, and ${name}: always refused, root's file untouched`, async () => {
        const place = newPlace();
        const { hers, victim } = place;
        const was = statSync(join(victim, 'env'), { bigint: true });
        const path = join(hers, 'app/env');
        const old = Buffer.from('W=2\n');
        const times = await race(place, prepare, [...pairs], () => {
          assert.throws(() => readTarget(path), UserError);
          const edit = { path, before: old, after: Buffer.from('W=3\n') };
          assert.throws(() => writeUserFile(edit, () => undefined), UserError);
        });
        assert.ok(times > 5, `${times} times`);
        const { ino, mtimeNs, mode } = statSync(join(victim, 'env'), { bigint: true });
        assert.deepEqual([ino, mtimeNs, mode], [was.ino, was.mtimeNs, was.mode]);
        assert.deepEqual(readdirSync(victim), ['env']);
      });
    }

    test('a file of ours in her folder never goes elsewhere', async () => {
      const place = newPlace();
      const { hers, victim } = place;
      let written = 0;
      await race(place, 'ln -s ../etc link; mkdir app2', ['app=link', 'app=app2'], () => {
        try {
          replaceOutput(join(hers, 'app/env'), 'metrics\n', 0o644);
          written++;
        } catch (error) {
          // her folder may be gone at this moment, which is her own loss
          const { code } = error as NodeJS.ErrnoException;
          assert.ok(error instanceof Foreign || code !== undefined, String(error));
        }
      });
      assert.ok(written > 0, `${written} written`);
      assert.deepEqual(readdirSync(victim), ['env']);
      assert.equal(readFileSync(join(victim, 'env'), 'utf8'), 'W=2\n');
    });

    test('the reader: a pipe, a device, a file of 64 MB in turn; bounded, and never waiting', async () => {
      const place = newPlace();
      const prepare = 'cd app; mkfifo a; ln -s /dev/zero b; truncate -s 64M c';
      const faults = new Set<string>();
      const before = process.memoryUsage().rss;
      let longest = 0;
      await race(place, prepare, ['app/env=app/a', 'app/env=app/b', 'app/env=app/c'], () => {
        const began = Date.now();
        const read = readFile(join(place.hers, 'app/env'));
        longest = Math.max(longest, Date.now() - began);
        if ('bytes' in read)
          assert.ok(read.bytes.length <= MOST_BYTES, `${read.bytes.length} bytes`);
        else faults.add(read.fault);
      });
      assert.ok(faults.has('not a file') && faults.has('too large'), [...faults].join());
      assert.ok(longest < 1000, `${longest} ms`);
      assert.ok(process.memoryUsage().rss - before < 100_000_000, 'memory');
    });
  },
);
