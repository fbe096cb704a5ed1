import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { findDirtyArbiter } from '../../../src/kinds/gunicorn/dirty-arbiter.ts';
import type { Process } from '../../../src/host/proc/proc.ts';

function p(pid: number, parentPid: number, stackStart = 1000): Process {
  const argv = ['/usr/bin/python3', '/usr/bin/gunicorn', 'web:app'];
  return { pid, parentPid, startTicks: pid * 10, stackStart, ignoresInterrupt: false, argv };
}

describe('which fork of a Gunicorn master is its dirty arbiter', () => {
  const rows: [name: string, processes: Process[], own: Record<number, string[]>, is?: number][] = [
    ['none: no fork has forks', [p(11, 10), p(12, 10)], { 11: ['/run/arbiter.sock'] }],
    ['the one that has, and listens', [p(11, 10), p(12, 10), p(13, 11)], { 11: ['/tmp/x'] }, 11],
    ['none: a worker with forks listens on nothing', [p(11, 10), p(13, 11)], {}],
    ['none: what a worker has started is no fork', [p(11, 10), p(13, 11, 7)], { 11: ['/tmp/x'] }],
    [
      'none: each worker has forks and listens',
      [p(11, 10), p(12, 10), p(13, 11), p(14, 12)],
      { 11: ['/tmp/x'], 12: ['/tmp/y'] },
    ],
    [
      'the one with its name among such workers',
      [p(11, 10), p(12, 10), p(13, 11), p(14, 12)],
      { 11: ['/tmp/x'], 12: ['/tmp/gunicorn-dirty-1/arbiter.sock'] },
      12,
    ],
  ];
  for (const [name, processes, own, expected] of rows) {
    test(name, () => {
      const master = p(10, 1);
      const all = new Map([master, ...processes].map((each) => [each.pid, each]));
      const forks = processes.filter(({ parentPid }) => parentPid === 10);
      const found = findDirtyArbiter(forks, master, all, (pid) => own[pid] ?? []);
      assert.equal(found?.pid, expected);
    });
  }
});
