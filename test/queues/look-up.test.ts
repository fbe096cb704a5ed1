import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { hostname } from 'node:os';
import { describe, test } from 'node:test';
import type { LookupAddress, LookupAllOptions } from 'node:dns';
import { lookUpUntil } from '../../src/queues/look-up.ts';

type Found = { code: string } | LookupAddress[];

function lookUp(name: string, signal = new AbortController().signal, family = 0): Promise<Found> {
  const options: LookupAllOptions = { all: true, family };
  return new Promise((done) =>
    lookUpUntil(signal)(name, options, (error, found) =>
      done(error === null ? (found as LookupAddress[]) : { code: error.code! }),
    ),
  );
}

describe('the addresses of a host', () => {
  test('localhost is this host, and nobody is asked', async () => {
    const both = [
      { address: '127.0.0.1', family: 4 },
      { address: '::1', family: 6 },
    ];
    assert.deepEqual(await lookUp('localhost'), both);
    assert.deepEqual(await lookUp('LOCALHOST', undefined, 6), both.slice(1));
  });

  test('a name of /etc/hosts, as getent tells it', async () => {
    const text = execFileSync('getent', ['ahosts', hostname()], { encoding: 'utf8' });
    const found = await lookUp(hostname());
    assert.ok(Array.isArray(found) && found.length > 0);
    assert.deepEqual(new Set(found.map(({ address }) => address)), new Set(text.match(/^\S+/gm)));
  });

  for (const name of [
    'no-such-host.invalid',
    '',
    '--help',
    '-s',
    'a b',
    'a\0b',
    '\x1b[31m',
    'x/y',
    'x'.repeat(300),
  ]) {
    test(`${JSON.stringify(name.slice(0, 20))} is not known`, async () => {
      assert.deepEqual(await lookUp(name), { code: 'ENOTFOUND' });
    });
  }

  test('what is over is not waited for', async () => {
    const over = new AbortController();
    const found = lookUp('far.example', over.signal);
    over.abort();
    assert.deepEqual(await found, { code: 'EAI_AGAIN' });
  });
});
