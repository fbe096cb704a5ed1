import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { measureBusyness } from '../../src/kinds/gunicorn/busy.ts';
import { readLinks } from '../../src/host/sockets/listeners.ts';
import { parseUnixHeld } from '../../src/host/sockets/sockets.ts';
import { readNodeName } from '../../src/kinds/celery/node.ts';
import { hasBooted } from '../../src/kinds/gunicorn/heartbeat.ts';
import { readProcess, readProcesses, readUnitProcesses } from '../../src/host/proc/proc.ts';
import type { Process } from '../../src/host/proc/proc.ts';
import { selectWorkerTree } from '../../src/kinds/worker-tree.ts';
import { readIdle } from '../../src/kinds/celery/task-pipe.ts';

/** Of a processor: a look at what is far too large takes some milliseconds. */
const MOST_MS = 500;

/** Overwrites its own command line with 2 MB of something, as setproctitle does with a title. */
const TITLES = `
import ctypes, sys
title = eval(sys.argv[1])
with open('/proc/self/stat', 'rb') as file:
    fields = file.read().rsplit(b') ', 1)[1].split()
start, end = int(fields[45]), int(fields[46])
ctypes.memset(start, 0, end - start)
ctypes.memmove(start, title, min(len(title), end - start - 1))
ctypes.memmove(end - 2, b'x', 1)
print('ready', flush=True)
sys.stdin.read()`;

const OPENS = `
import os, resource, sys
count = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_NOFILE, (count + 100, count + 100))
held = [os.open('/dev/null', os.O_RDONLY) for _ in range(count)]
print('ready', flush=True)
sys.stdin.read()`;

const children: ChildProcess[] = [];
after(async () => {
  for (const child of children) {
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }
});

async function python(script: string, args: string[], env?: Record<string, string>) {
  const child = spawn('/usr/bin/python3', ['-c', script, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
    ...(env && { env }),
  });
  children.push(child);
  await once(child.stdout, 'data');
  return child.pid!;
}

/** What `look` answers, which must cost little. */
function cheaply<T>(look: () => T): T {
  const before = process.cpuUsage();
  const answer = look();
  const { user, system } = process.cpuUsage(before);
  assert.ok(user + system < MOST_MS * 1000, `${(user + system) / 1000} ms`);
  return answer;
}

describe('processes with too much of something', () => {
  const titles: [what: string, title: string][] = [
    ['NULs', "b'\\0' * 2**21"],
    ['brackets', "b'[celeryd: a@b:MainProcess] -active- ' + b'(' * 2**21"],
    ['names of processes', "b'[celeryd: ' + b'a:MainProcess' * 2**18"],
    ['blanks', "b'gunicorn: master ' + b' ' * 2**21"],
    ['words', "b'python3\\0celery\\0worker\\0' + b'-P\\0' * 2**20"],
    ['bytes that are no text', "b'\\xff\\xfe' * 2**20"],
  ];
  // a single word may have 128 KB
  const room = Array.from({ length: 12 }, () => 'x'.repeat(120_000));
  for (const [what, title] of titles) {
    test(`a command line of ${what}: 64 KB are read, and nothing is concluded from them`, async () => {
      const pid = await python(TITLES, [title, ...room]);
      const found = cheaply(() => readProcess(pid));
      assert.ok(found?.isCut === true && found.argv.join('\0').length <= 64 * 1024);
      const unit = { mainPid: pid, controlGroup: null };
      const processes = cheaply(() => readUnitProcesses(unit));
      assert.ok(!('error' in processes));
      const tree = cheaply(() => selectWorkerTree(processes, pid));
      assert.deepEqual(tree, {
        error: 'none of its processes is a Gunicorn master or the main process of Celery',
        unseen: true,
      });
      assert.equal(
        cheaply(() => readNodeName(pid)),
        null,
      );
    });
  }

  test('variables of 300 KB: no name is told', async () => {
    const large = 'x'.repeat(100_000);
    const pid = await python(TITLES, ["b'celery\\0worker'"], { A: large, B: large, C: large });
    assert.equal(
      cheaply(() => readNodeName(pid)),
      null,
    );
  });

  test('17,000 open files: nothing is told of them, quickly', async () => {
    const pid = await python(OPENS, ['17000']);
    assert.equal(
      cheaply(() => hasBooted(pid)),
      null,
    );
    assert.equal(
      cheaply(() => readIdle(pid, [pid])),
      null,
    );
    assert.throws(() => cheaply(() => readLinks(pid)), { code: 'EFBIG' });
    const requestOf = (service: string, worker: number) => ({
      ...{ service, masterPid: worker, workerPids: [worker] },
      concurrency: {
        workerClass: null,
        threads: null,
        keepAlive: null,
        timeout: null,
        maxRequests: null,
      },
    });
    const requests = [requestOf('hostile', pid), requestOf('shop', process.pid)];
    const { busyness } = await measureBusyness(requests);
    assert.deepEqual(busyness.get('hostile'), {
      code: 'unseen',
      text: 'what its workers do cannot be seen (EFBIG)',
    });
    assert.notDeepEqual(busyness.get('shop'), busyness.get('hostile'));
  });
});

describe('trees of processes', () => {
  const GUNICORN = ['/usr/bin/python3', '/usr/bin/gunicorn', 'web:app'];
  const p = (pid: number, parentPid: number, argv = GUNICORN): Process => ({
    ...{ pid, parentPid, argv, startTicks: pid, stackStart: 7, ignoresInterrupt: false },
  });
  const select = (processes: Process[], mainPid: number) =>
    selectWorkerTree(new Map(processes.map((each) => [each.pid, each])), mainPid);

  test('one below the other, 4096 deep', () => {
    const line = Array.from({ length: 4096 }, (_, at) => p(at + 2, at + 1));
    const tree = cheaply(() => select(line, 2));
    assert.deepEqual('error' in tree ? tree : tree.workerPids, [3]);
  });

  test('a ring, as where a number was used again while they were read', () => {
    const ring = [p(2, 4), p(3, 2), p(4, 3)];
    assert.deepEqual(
      cheaply(() => select(ring, 9)),
      {
        error: 'none of its processes is a Gunicorn master or the main process of Celery',
        unseen: true,
      },
    );
  });

  test('more than 4096 in a group are not looked at', () => {
    const folder = mkdtempSync(join(tmpdir(), 'group-'));
    const controlGroup = `/../../..${folder}`;
    try {
      for (const count of [4097, 20_000]) {
        const pids = Array.from({ length: count }, (_, at) => `${at + 1}\n`).join('');
        writeFileSync(join(folder, 'cgroup.procs'), pids);
        assert.deepEqual(
          cheaply(() => readUnitProcesses({ mainPid: 1, controlGroup })),
          { error: 'it has more than 4096 processes or 16384 threads' },
        );
      }
      writeFileSync(join(folder, 'cgroup.procs'), `0\n${process.pid}\n`);
      const found = readUnitProcesses({ mainPid: process.pid, controlGroup });
      assert.ok(!('error' in found) && found.has(process.pid));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('forks of forks, 300 deep, are read without a call within each other for each', async () => {
    const FORKS = `
import os, sys
ready, tell = os.pipe()
for depth in range(300):
    if os.fork() != 0:
        break
else:
    os.write(tell, b'.')
if depth == 0:
    os.read(ready, 1)
    print('ready', flush=True)
    sys.stdin.read()
    os.killpg(0, 9)
import time
time.sleep(600)`;
    const child = spawn('/usr/bin/python3', ['-c', FORKS], {
      ...{ stdio: ['pipe', 'pipe', 'inherit'], detached: true },
    });
    await once(child.stdout, 'data');
    try {
      const processes = readProcesses([], child.pid!);
      assert.ok(!('error' in processes));
      assert.equal(processes.size, 301);
      assert.equal(new Set([...processes.values()].map(({ argv }) => argv)).size, 1);
    } finally {
      process.kill(-child.pid!, 'SIGKILL');
      await once(child, 'exit');
    }
  });
});

test('a table of very many sockets is not kept', () => {
  function* rows(): Generator<string> {
    for (let at = 0; at < 300; at++) {
      yield Array.from({ length: 1000 }, (_, index) => unixRow(at * 1000 + index + 1)).join('');
    }
  }
  assert.throws(() => parseUnixHeld(rows()), { code: 'EFBIG' });
});

function unixRow(inode: number): string {
  return `0000000000000000: 00000003 00000000 00000000 0001 03 ${inode} /run/${inode}\n`;
}
