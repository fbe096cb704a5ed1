import assert from 'node:assert/strict';
import { fstatSync } from 'node:fs';
import { test } from 'node:test';
import { isJournal, toJournal } from '../../src/host/journal.ts';

const rows: [name: string, line: object, expected: string][] = [
  [
    'an error has priority 3',
    { level: 'ERROR', event: 'failed', msg: 'shop: no' },
    '<3>shop: no\n',
  ],
  ['a warning has priority 4', { level: 'WARN', event: 'config', msg: 'odd' }, '<4>odd\n'],
  [
    'a change is a sentence',
    { level: 'INFO', event: 'scale_up', project: 'shop', msg: 'shop.service: 2 → 3 workers' },
    '<6>shop.service: 2 → 3 workers\n',
  ],
  ['each line of a message has it', { level: 'ERROR', msg: 'a\n  b' }, '<3>a\n<3>  b\n'],
  ['that nothing changes is not said', { level: 'INFO', event: 'none', msg: 'shop: stays' }, ''],
  [
    'that it could not be served is',
    { level: 'ERROR', event: 'none', msg: 'shop: gone' },
    '<3>shop: gone\n',
  ],
  [
    'a message cannot choose its priority',
    { level: 'INFO', event: 'held', msg: '<0>panic' },
    '<6><0>panic\n',
  ],
];

for (const [name, line, expected] of rows) {
  test(`a line of the journal: ${name}`, () =>
    assert.equal(toJournal(JSON.stringify(line)), expected));
}

test('the journal is known by device and inode of the stream', () => {
  const { dev, ino } = fstatSync(2);
  assert.equal(isJournal(2, `${dev}:${ino}`), true);
  assert.equal(isJournal(2, `${dev}:${ino + 1}`), false);
  assert.equal(isJournal(2, undefined), process.env['JOURNAL_STREAM'] === `${dev}:${ino}`);
  assert.equal(isJournal(999, `${dev}:${ino}`), false);
});
