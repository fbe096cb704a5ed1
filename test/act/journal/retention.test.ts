import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { chainOf } from '../../../src/act/journal/chain.ts';
import type { Manifest } from '../../../src/act/journal/manifest.ts';
import { selectObsolete } from '../../../src/act/journal/retention.ts';

const DAY_MS = 86_400_000;
const NOW = new Date('2026-11-24T00:00:00Z');

/** Change number `n`, made so many days ago. */
function change(n: number, daysAgo: number, more: Partial<Manifest> = {}): Manifest {
  const file = { copy: '0', sha256_before: 'a', sha256_after: 'b', uid: 0, gid: 0, mode: 0o644 };
  return {
    ...{
      v: 1,
      id: id(n),
      service: 'web.service',
      project: 'web',
      kind: 'gunicorn',
      from: 2,
      to: 3,
    },
    ...{ at: new Date(NOW.getTime() - daysAgo * DAY_MS).toISOString(), action: 'scale_up' },
    ...{
      reason: '',
      resize: 'restart',
      countable: true,
      undoes: [],
      folders: [],
      touched: true,
      drain: null,
    },
    files: [{ ...file, path: '/etc/web.service', made_folder: null, ours_alone: true }],
    before: { boot: 'b', main_pid: 1, main_start_us: 1 },
    undo_because: null,
    outcome: { at: '', result: 'applied', why: '' },
    ...more,
  };
}

function id(n: number): string {
  return `${String(n).padStart(6, '0')}-web.service`;
}

function obsolete(changes: Manifest[]): number[] {
  return selectObsolete(changes, NOW).map((each) => Number.parseInt(each.id, 10));
}

function range(from: number, to: number, daysAgo: number): Manifest[] {
  return Array.from({ length: to - from + 1 }, (_, index) => change(from + index, daysAgo));
}

describe('selectObsolete', () => {
  const cases: { name: string; changes: Manifest[]; gone: number[] }[] = [
    { name: '50 young changes are kept', changes: range(1, 50, 1), gone: [] },
    {
      name: 'beyond 50 the oldest go, but never the first of the chain',
      changes: range(1, 53, 1),
      gone: [2, 3],
    },
    {
      name: 'older than 90 days goes, but for the first and the last',
      changes: range(1, 4, 91),
      gone: [2, 3],
    },
    { name: 'exactly 90 days old is kept', changes: range(1, 4, 90), gone: [] },
    {
      name: 'the first change of each file is kept',
      changes: [
        ...range(1, 2, 100),
        change(3, 100, { files: change(3, 0).files.map((file) => ({ ...file, path: '/other' })) }),
        ...range(4, 5, 100),
      ],
      gone: [2, 4],
    },
    {
      name: 'what was rolled back goes; the very first change stays for ever, with its rollback',
      changes: [
        ...range(1, 2, 100),
        change(3, 100, { action: 'rollback', undoes: [id(1), id(2)] }),
        change(4, 1),
      ],
      gone: [2],
    },
    {
      name: 'a rollback stays as long as a change that it undid: that would be in force again',
      changes: [
        change(1, 1),
        change(2, 100, { action: 'rollback', undoes: [id(1)] }),
        change(3, 1),
      ],
      gone: [],
    },
  ];
  for (const { name, changes, gone } of cases) {
    test(name, () => assert.deepEqual(obsolete(changes), gone));
  }
});

describe('chainOf', () => {
  const failed = { at: '', result: 'undone', why: '' } as const;
  const rolledBack = (ids: number[]): Partial<Manifest> => ({
    action: 'rollback',
    undoes: ids.map(id),
  });
  const cases: { name: string; changes: Manifest[]; chain: number[] }[] = [
    { name: 'applied changes are in force', changes: range(1, 2, 0), chain: [1, 2] },
    { name: 'an undone one is not', changes: [change(1, 0, { outcome: failed })], chain: [] },
    {
      name: 'a rollback takes its changes out',
      changes: [...range(1, 2, 0), change(3, 0, rolledBack([2]))],
      chain: [1],
    },
    {
      name: 'a rollback that failed does not',
      changes: [change(1, 0), change(2, 0, { ...rolledBack([1]), outcome: failed })],
      chain: [1],
    },
  ];
  for (const { name, changes, chain } of cases) {
    test(name, () =>
      assert.deepEqual(
        chainOf(changes).map(({ id }) => Number.parseInt(id, 10)),
        chain,
      ),
    );
  }
});
