import type { ProcessRef } from '../../../src/kinds/ports.ts';
import { after, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { processActions } from '../../../src/kinds/shared/process.ts';

const child = spawn('sleep', ['60'], { stdio: 'ignore' });
const ended = once(child, 'exit');
after(() => child.kill('SIGKILL'));

function read(): { ref: ProcessRef; group: string } {
  const pid = child.pid ?? 0;
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const lines = readFileSync(`/proc/${pid}/cgroup`, 'utf8').split('\n');
  const line = lines.find((each) => /^0:|name=systemd/.test(each)) ?? '';
  return {
    ref: { pid, startTicks: Number(fields[19]) },
    group: line.split(':').slice(2).join(':'),
  };
}

describe('a signal reaches the very process that was meant, or none', () => {
  test('another start time: the number was used again', () => {
    const { ref, group } = read();
    const other = { ...ref, startTicks: ref.startTicks - 1 };
    assert.equal(processActions.isAlive(other), false);
    assert.equal(processActions.terminate(other, group), false);
  });

  test('another control group: it is no process of this service', () => {
    assert.equal(processActions.terminate(read().ref, '/system.slice/other.service'), false);
    assert.equal(processActions.isAlive(read().ref), true);
  });

  test('the one: SIGTERM', async () => {
    const { ref, group } = read();
    // a group at the root is written as a bare slash
    assert.equal(processActions.terminate(ref, group === '/' ? '' : group), true);
    const [, signal] = (await ended) as [number | null, string];
    assert.equal(signal, 'SIGTERM');
    assert.equal(processActions.isAlive(ref), false);
  });
});
