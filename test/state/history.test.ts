import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { ActionRecord, Sample } from '../../src/model/types.ts';
import { UserError } from '../../src/errors.ts';
import { appendEntries, historyPath, readRecent } from '../../src/state/history.ts';

let root: string;
let dir: string;

before(() => {
  root = mkdtempSync(join(tmpdir(), 'autoscaler-state-'));
});
beforeEach(() => {
  dir = mkdtempSync(join(root, 'dir-'));
});
after(() => {
  rmSync(root, { recursive: true });
});

function sample(uptimeS: number, boot = 'b1', note = ''): Sample {
  return {
    v: 1,
    kind: 'sample',
    at: `2026-11-24T00:00:00.000Z${note}`,
    boot,
    uptime_s: uptimeS,
    span_s: 10,
    host: { cpu_percent: 50, memory_available_mb: 1000 },
    services: { 'shop.service': { workers: 2 } },
  };
}

function action(uptimeS: number): ActionRecord {
  const at = '2026-11-24T00:00:00.000Z';
  const what = { service: 'shop.service', action: 'scale_up', from: 2, to: 3 } as const;
  return {
    v: 1,
    kind: 'action',
    at,
    boot: 'b1',
    uptime_s: uptimeS,
    ...what,
    result: 'applied',
    reason: 'x',
  };
}

const times = (neededMs: number) =>
  readRecent(dir, neededMs).entries.map((entry) => entry.uptime_s);

function refusal(run: () => unknown): UserError {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof UserError, String(error));
    return error;
  }
  throw new Error('it was not refused');
}

describe('what is read of the history', () => {
  beforeEach(() => {
    appendEntries(
      dir,
      [10, 20, 30, 40, 50].map((uptimeS) => sample(uptimeS)),
    );
  });
  const rows: [name: string, neededMs: number, expected: number[]][] = [
    ['the last sample, where nothing is needed', 0, [50]],
    ['back to the first sample that is too old, that one included', 15_000, [30, 40, 50]],
    ['a sample that is exactly as old as needed is the last one read', 20_000, [30, 40, 50]],
    ['all of it, where more is needed than there is', 3_600_000, [10, 20, 30, 40, 50]],
  ];
  for (const [name, neededMs, expected] of rows) {
    test(name, () => assert.deepEqual(times(neededMs), expected));
  }

  test('the order is that of the file, actions included', () => {
    appendEntries(dir, [action(51), sample(60)]);
    assert.deepEqual(times(15_000), [40, 50, 51, 60]);
  });

  test('an action does not end the search for a sample', () => {
    appendEntries(dir, [action(51)]);
    assert.deepEqual(times(0), [50, 51]);
  });

  test('nothing before the last sample of another boot', () => {
    appendEntries(dir, [sample(5, 'b2'), sample(15, 'b2')]);
    assert.deepEqual(times(3_600_000), [50, 5, 15]);
  });

  test('a wall clock set back changes nothing', () => {
    appendEntries(dir, [{ ...sample(60), at: '1999-01-01T00:00:00.000Z' }]);
    assert.deepEqual(times(10_000), [50, 60]);
  });
});

test('no folder, or an empty one, is an empty history', () => {
  assert.deepEqual(readRecent(join(dir, 'none'), 1000), { entries: [], warnings: [] });
  assert.ok(!existsSync(join(dir, 'none')), 'reading makes no folder');
  assert.deepEqual(readRecent(dir, 1000), { entries: [], warnings: [] });
});

test('file and folder are made for root and its group alone', () => {
  const path = join(dir, 'a', 'b');
  appendEntries(path, [sample(1)]);
  assert.equal(statSync(path).mode & 0o777, 0o750);
  assert.equal(statSync(historyPath(path)).mode & 0o777, 0o640);
});

describe('damage', () => {
  beforeEach(() => appendEntries(dir, [sample(10), sample(20)]));
  const path = () => historyPath(dir);

  test('a last line that was cut off is left out, and the next one starts a new line', () => {
    appendEntries(dir, [sample(30)]);
    truncateSync(path(), statSync(path()).size - 20);
    const torn = readRecent(dir, 3_600_000);
    assert.deepEqual(
      torn.entries.map((entry) => entry.uptime_s),
      [10, 20],
    );
    assert.match(
      torn.warnings.join(),
      /1 line is not an entry and is left out \(the first at byte \d+: it was cut off\)/,
    );
    appendEntries(dir, [sample(40)]);
    assert.deepEqual(times(3_600_000), [10, 20, 40]);
    assert.equal(readRecent(dir, 3_600_000).warnings.length, 1);
  });

  test('a last line that only lacks its line feed is whole', () => {
    truncateSync(path(), statSync(path()).size - 1);
    assert.deepEqual(times(3_600_000), [10, 20]);
    appendEntries(dir, [sample(30)]);
    assert.deepEqual(readRecent(dir, 3_600_000), {
      entries: [sample(10), sample(20), sample(30)],
      warnings: [],
    });
  });

  test('lines that are no entries are counted, the first one is named', () => {
    const before = statSync(path()).size;
    appendFileSync(path(), 'garbage\n\0\0\0\0\n{"v":1,"kind":"sample"}\n');
    appendEntries(dir, [sample(30)]);
    const { entries, warnings } = readRecent(dir, 3_600_000);
    assert.deepEqual(
      entries.map((entry) => entry.uptime_s),
      [10, 20, 30],
    );
    assert.match(
      warnings.join(),
      new RegExp(`3 lines are not entries .*at byte ${before}: expected a JSON object`),
    );
  });

  test('empty lines are nothing at all', () => {
    appendFileSync(path(), '\n\n');
    assert.deepEqual(readRecent(dir, 3_600_000).warnings, []);
  });

  test('a line without an end is not followed for ever', () => {
    appendFileSync(path(), Buffer.alloc(3_000_000));
    const { entries, warnings } = readRecent(dir, 3_600_000);
    assert.deepEqual(entries, []);
    assert.equal(warnings.length, 1);
    appendEntries(dir, [sample(30)]);
    assert.deepEqual(times(0), [30]);
  });

  test('entries that stand across the blocks of reading are whole', () => {
    const long = Array.from({ length: 400 }, (_, i) => sample(30 + i, 'b1', 'é€𝄞'.repeat(i)));
    appendEntries(dir, long);
    const { entries, warnings } = readRecent(dir, 3_600_000_000);
    assert.deepEqual(entries.slice(2), long);
    assert.deepEqual(warnings, []);
  });
});

describe('how much is kept', () => {
  const fill = (bytes: number, uptimeS: number) => {
    const line = `${JSON.stringify(sample(uptimeS))}\n`;
    writeFileSync(historyPath(dir), line.repeat(Math.ceil(bytes / line.length)), { mode: 0o640 });
  };

  test('a full file makes room, and what is read goes on in the older one', () => {
    fill(8_000_000, 10);
    appendEntries(dir, [sample(20)]);
    assert.deepEqual(readdirSync(dir).sort(), ['history.jsonl', 'history.jsonl.1']);
    assert.equal(readFileSync(historyPath(dir), 'utf8'), `${JSON.stringify(sample(20))}\n`);
    assert.deepEqual(times(5_000), [10, 20]);
  });

  test('never more than six files of 8 MB', () => {
    for (let round = 1; round <= 8; round++) {
      fill(8_000_000, round);
      appendEntries(dir, [sample(round + 0.5)]);
    }
    const files = readdirSync(dir);
    assert.equal(files.length, 6);
    const bytes = files.reduce((sum, file) => sum + statSync(join(dir, file)).size, 0);
    assert.ok(bytes <= 50_000_000, `${bytes} bytes`);
  });

  test('reading costs the same whatever the age', () => {
    // counted, not timed: the bytes that this process has read, see proc_pid_io(5)
    const bytesRead = () =>
      Number(/^rchar: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1]);
    const cost = () => {
      const start = bytesRead();
      for (let i = 0; i < 10; i++) readRecent(dir, 0);
      return bytesRead() - start;
    };
    fill(200_000, 10);
    const young = cost();
    assert.ok(young > 1000, `${young} bytes read`);
    fill(100_000_000, 10);
    const old = cost();
    assert.ok(old <= young * 1.05, `${old} bytes read instead of ${young}`);
  });
});

describe('as root, what others could have written is refused', () => {
  beforeEach(() => appendEntries(dir, [sample(10)]));
  const path = () => historyPath(dir);
  const rows: [name: string, spoil: () => void, message: RegExp, hint: RegExp][] = [
    [
      'a folder of another user',
      () => chownSync(dir, 65534, 0),
      /owned by root, found user 65534/,
      /chown root: \S+$/,
    ],
    [
      'a folder that its group may write to',
      () => chmodSync(dir, 0o770),
      /found mode 770/,
      /chmod go-w \S+$/,
    ],
    [
      'a folder that anyone may write to',
      () => chmodSync(dir, 0o1777),
      /found mode 1777/,
      /chmod go-w \S+$/,
    ],
    [
      'a file of another user',
      () => chownSync(path(), 65534, 0),
      /owned by root/,
      /chown root: \S+history\.jsonl$/,
    ],
    [
      'a file that anyone may write to',
      () => chmodSync(path(), 0o646),
      /found mode 646/,
      /chmod go-w/,
    ],
    [
      'a link instead of the file',
      () => {
        rmSync(path());
        symlinkSync('/etc/hostname', path());
      },
      /found a symbolic link/,
      /ls -l/,
    ],
    [
      'a folder instead of the file',
      () => {
        rmSync(path());
        mkdirSync(path());
      },
      /found a folder|EISDIR/,
      /ls -ld/,
    ],
  ];
  for (const [name, spoil, message, hint] of rows) {
    test(name, () => {
      spoil();
      const error = refusal(() => appendEntries(dir, [sample(20)]));
      assert.equal(error.exitCode, 77);
      assert.match(error.message, message);
      assert.match(error.hint ?? '', hint);
    });
  }

  test('also where it is only read', () => {
    chmodSync(path(), 0o666);
    assert.equal(refusal(() => readRecent(dir, 0)).exitCode, 77);
  });

  test('a file where the folder should be', () => {
    assert.match(refusal(() => appendEntries(path(), [sample(1)])).message, /expected a folder/);
  });

  test('a folder that is a link is looked at where it leads', () => {
    symlinkSync(dir, join(root, 'link'));
    appendEntries(join(root, 'link'), [sample(20)]);
    assert.deepEqual(times(3_600_000), [10, 20]);
  });
});

test('a full disk is said, and the next entry starts a line of its own', () => {
  const disk = join(root, 'disk');
  mkdirSync(disk);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16k,mode=0750', 'tmpfs', disk]);
  try {
    appendEntries(disk, [sample(10)]);
    writeFileSync(join(disk, 'ballast'), Buffer.alloc(4096));
    const many = Array.from({ length: 100 }, (_, i) => sample(20 + i));
    const error = refusal(() => appendEntries(disk, many));
    assert.equal(error.exitCode, 1);
    assert.match(error.message, /history\.jsonl: cannot be written: no space is left/);
    rmSync(join(disk, 'ballast'));
    appendEntries(disk, [sample(500)]);
    const { entries, warnings } = readRecent(disk, 3_600_000);
    assert.equal(entries.at(-1)?.uptime_s, 500);
    assert.ok(warnings.length <= 1);
    assert.ok(entries.length > 10);
  } finally {
    execFileSync('umount', [disk]);
  }
});
