import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { readProcess, readUnitProcesses, type Process } from '../../../src/host/proc/proc.ts';

/** A python whose name has brackets and blanks in it, with a fork, a zombie and a program of its own. */
const FAMILY = `
import os, signal, subprocess, sys, time
open('/proc/self/comm', 'w').write(') S 1 (x')
ready, tell = os.pipe()
fork = os.fork()
if fork == 0:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.write(tell, b'.')
    time.sleep(60)
os.read(ready, 1)
zombie = os.fork()
if zombie == 0: os._exit(0)
os.waitid(os.P_PID, zombie, os.WEXITED | os.WNOWAIT)
# comes back when the program is running
other = subprocess.Popen(['sleep', '60'])
print(fork, zombie, other.pid, flush=True)
sys.stdin.read()
for pid in (fork, other.pid): os.kill(pid, 9)
`;

function read(mainPid: number | null, controlGroup: string | null): Map<number, Process> {
  const processes = readUnitProcesses({ mainPid, controlGroup });
  if ('error' in processes) assert.fail(processes.error);
  return processes;
}

test('processes are read as they are', async () => {
  const child = spawn('/usr/bin/python3', ['-c', FAMILY], { stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    // a Python that does not buffer writes a line piece by piece
    const line = await new Promise<string>((done) =>
      createInterface({ input: child.stdout }).once('line', done),
    );
    const [fork = 0, zombie = 0, other = 0] = line.split(' ').map(Number);
    const mainPid = child.pid ?? 0;
    const processes = read(mainPid, null);
    assert.deepEqual([...processes.keys()].sort(), [mainPid, fork, other].sort(), 'no zombie');
    const [main, forked, program] = [mainPid, fork, other].map((pid) => processes.get(pid));
    assert.equal(forked?.parentPid, mainPid);
    assert.equal(main?.argv[0], '/usr/bin/python3');
    assert.deepEqual(program?.argv, ['sleep', '60']);
    assert.equal(forked?.stackStart, main?.stackStart, 'a fork keeps its stack');
    assert.notEqual(program?.stackStart, main?.stackStart, 'another program has its own');
    assert.equal(main?.ignoresInterrupt, false);
    assert.equal(forked?.ignoresInterrupt, true);
    assert.ok((main?.startTicks ?? 0) > 0);
    assert.equal(readProcess(zombie), null);
  } finally {
    child.stdin.end();
    await new Promise((done) => child.once('close', done));
  }
  assert.equal(readProcess(child.pid ?? 0), null);
});

test('a unit that does not run has no processes', () => {
  assert.equal(read(null, null).size, 0);
  assert.equal(read(null, '/no/such.group').size, 0);
});
