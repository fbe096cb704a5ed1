import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { tellRestarting, type Restarted } from '../../../src/targets/systemd/crash-loop.ts';

const waiting = { activeState: 'activating', subState: 'auto-restart' };

const ROWS: [name: string, unit: Partial<Restarted>, text: RegExp | null][] = [
  ['one that runs', {}, null],
  ['one that runs, however often it was restarted', { nRestarts: 99 }, null],
  ['one that failed by itself', { activeState: 'failed', result: 'exit-code' }, null],
  [
    'between two starts, the first time',
    { ...waiting, result: 'exit-code' },
    /^it has exited, and systemd is restarting it \(auto-restart, result exit-code\): .* 0 times so far$/,
  ],
  [
    'between two starts after an orderly end',
    { ...waiting, nRestarts: 1 },
    /^it has exited, and systemd is restarting it \(auto-restart\): .* 1 time so far$/,
  ],
  [
    'between two starts, queued',
    { ...waiting, subState: 'auto-restart-queued', nRestarts: 7, result: 'signal' },
    /\(auto-restart-queued, result signal\): systemd has restarted it 7 times so far$/,
  ],
  [
    'given up',
    { activeState: 'failed', nRestarts: 5, result: 'start-limit-hit' },
    /given up on it \(start-limit-hit\): systemd has restarted it 5 times$/,
  ],
];

describe('a service that ends by itself', () => {
  for (const [name, unit, text] of ROWS) {
    test(name, () => {
      const active = { activeState: 'active', subState: 'running', result: 'success' };
      const told = tellRestarting({ ...active, nRestarts: 0, ...unit });
      if (text === null) assert.equal(told, null);
      else assert.match(told ?? '', text);
    });
  }
});
