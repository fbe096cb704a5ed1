import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { checkFlapping } from '../../../src/commands/check/findings/flapping.ts';
import { checkConfig } from '../../../src/config/file/check.ts';
import { toPolicies } from '../../../src/config/policy/policies.ts';
import { withPassword } from '../../../src/commands/init/ask.ts';
import { findBroker, findQueues } from '../../../src/kinds/celery/find-broker.ts';
import { findBind } from '../../../src/kinds/gunicorn/find-bind.ts';
import { guessBroker } from '../../../src/queues/guess-broker.ts';
import { propose } from '../../../src/commands/init/proposal/propose.ts';
import { renderConfig } from '../../../src/commands/init/proposal/render.ts';
import type { Candidate } from '../../../src/kinds/shared/proposal.ts';
import type { Host } from '../../../src/commands/init/proposal/types.ts';

const host: fc.Arbitrary<Host> = fc.record({
  cores: fc.integer({ min: 1, max: 128 }),
  totalMb: fc.integer({ min: 256, max: 500_000 }),
  availableMb: fc.integer({ min: 0, max: 250_000 }),
});
const text = fc.string({ unit: 'grapheme', maxLength: 20 });
const candidate: fc.Arbitrary<Candidate> = fc.record({
  service: fc
    .stringMatching(/^[A-Za-z0-9:_.-]{1,12}\.service$/)
    .filter((name) => !name.startsWith('-')),
  kind: fc.constantFrom('gunicorn', 'celery'),
  workers: fc.integer({ min: 1, max: 200 }),
  workerMb: fc.option(fc.double({ min: 0.1, max: 4000, noNaN: true })),
  bind: fc.option(text),
  broker: fc.option(fc.constantFrom('redis://:a"b@h/0', 'amqp://h//')),
  obstacle: fc.option(text),
  guess: fc.constant(null),
  queues: fc.constantFrom(['celery'], ['mail', 'slow"est']),
  hasCpu: fc.boolean(),
  showsTasks: fc.boolean(),
  workerClass: fc.constantFrom('sync', 'gthread', 'async', 'unknown', null),
});
const REST = { guess: null, queues: ['celery'], hasCpu: true, showsTasks: true };
const candidates = fc.uniqueArray(candidate, {
  minLength: 1,
  maxLength: 12,
  selector: ({ service }) => service,
});

describe('a config that init writes', () => {
  test('loads without a fault or a warning, does not flap, and has at least what runs now', async () => {
    await fc.assert(
      fc.asyncProperty(candidates, host, async (found, on) => {
        const proposals = propose(found, on).map((one) => ({ ...one, enabled: true }));
        const written = Buffer.from(renderConfig(proposals, on));
        const { config, warnings } = await checkConfig('/c.json', written);
        assert.deepEqual(warnings, []);
        const projects = Object.values(config.projects);
        assert.equal(projects.length, found.length);
        for (const { service, workers } of found) {
          const project = projects.find(({ service_name }) => service_name === service);
          assert.ok(project !== undefined && project.min_workers >= workers);
          assert.ok(project.min_workers < project.max_workers);
        }
        assert.deepEqual(toPolicies(config).flatMap(checkFlapping), []);
      }),
      { numRuns: 200 },
    );
  });
  test('a unit that is called __proto__ has its whole name', () => {
    const found = { service: '__proto__.service', kind: 'gunicorn', workers: 1 } as Candidate;
    const none = {
      workerClass: null,
      workerMb: null,
      bind: null,
      broker: null,
      obstacle: null,
      ...REST,
    };
    const [proposal] = propose([{ ...found, ...none }], { cores: 1, totalMb: 1, availableMb: 1 });
    assert.equal(proposal?.project, '__proto__.service');
  });
  test('max_workers comes from cores and from the measured memory, shared out', () => {
    const on = { cores: 4, totalMb: 4096, availableMb: 2048 };
    const one = (workers: number, workerMb: number | null): Candidate => ({
      ...{ service: `s${workers}.service`, kind: 'gunicorn', workers, workerMb },
      ...{ workerClass: 'sync', bind: null, broker: null, obstacle: null, ...REST },
    });
    const maxOf = (...found: Candidate[]): number[] =>
      propose(found, on).map(({ maxWorkers }) => maxWorkers);
    assert.deepEqual(maxOf(one(2, 50)), [9]);
    assert.deepEqual(maxOf(one(2, 500)), [5]);
    assert.deepEqual(maxOf(one(2, 500), one(3, 50)), [3, 9]);
    assert.deepEqual(maxOf(one(12, null)), [13]);
    assert.deepEqual(maxOf(one(1, 9000)), [3]);
  });
});

describe("a worker's broker", () => {
  const CASES: [string, string[], string, string | null][] = [
    [
      'the option counts first',
      ['celery', '-b', 'redis://a/0'],
      'BROKER_URL=redis://b/0',
      'redis://a/0',
    ],
    ['also with =', ['celery', '--broker=amqp://a//'], '', 'amqp://a//'],
    [
      'the usual variables in their order',
      [],
      'REDIS_URL=redis://r/0\0BROKER_URL=redis://b/0',
      'redis://b/0',
    ],
    ['one with a prefix', [], 'SHOP_BROKER_URL=rediss://s/1', 'rediss://s/1'],
    [
      'what is no broker is not taken',
      [],
      'BROKER_URL=memory://\0REDIS_URL=redis://r/0',
      'redis://r/0',
    ],
    ['a value with = in it is whole', [], 'BROKER_URL=redis://h/0?a=b', 'redis://h/0?a=b'],
    ['nothing', ['celery', '-b'], 'HOME=/root', null],
    ['one that a terminal would obey is none', ['celery', '-b', 'redis://\x1b[2J/0'], '', null],
    ['nor is one that reads backwards', [], 'BROKER_URL=redis://h/\u202e0', null],
    ['nor one of 2 MB', [], `BROKER_URL=redis://${'h'.repeat(2e6)}/0`, null],
  ];
  for (const [title, argv, environ, expected] of CASES) {
    const variables = environ.split('\0').map((entry): [string, string] => {
      const equals = entry.indexOf('=');
      return [entry.slice(0, equals), entry.slice(equals + 1)];
    });
    test(title, () => assert.equal(findBroker(argv, new Map(variables)), expected));
  }
  test('its queues', () => {
    assert.deepEqual(findQueues(['celery', 'worker', '-Q', 'mail,slow,mail']), ['mail', 'slow']);
    assert.deepEqual(findQueues(['celery', 'worker', '--queues=mail']), ['mail']);
    assert.deepEqual(findQueues(['celery', 'worker', '-Qmail', '-c', '2']), ['mail']);
    assert.equal(findQueues(['celery', 'worker']), null);
    assert.deepEqual(findQueues(['celery', 'worker', '-Q', 'a,b,c', '-X', 'b']), ['a', 'c']);
    assert.equal(findQueues(['celery', 'worker', '--exclude-queues=b']), null);
    const multi = ['celery', 'multi', 'start', 'w1', '-b', 'redis://h:1/0', '-Q:w1', 'high,low'];
    assert.deepEqual(findQueues(multi), ['high', 'low']);
    assert.deepEqual(findQueues([...multi.slice(0, -2), '--queues:w1=high']), ['high']);
    // a variable that is not known
    assert.equal(findQueues(['celery', 'worker', '-Q', '\0']), null);
    const odd = ['a\x1b[2J', '\u202eb', 'c'.repeat(256), 'mail'].join(',');
    assert.deepEqual(findQueues(['celery', 'worker', '-Q', odd]), ['mail']);
  });
  test('what it is probably connected to, by its own sockets alone', () => {
    const row = (to: string, state: string, inode: number): string =>
      `   0: 0100007F:C350 ${to} ${state} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 0000000000000000\n`;
    const redis = row('0500000A:18EB', '01', 7);
    const mapped = '0000000000000000FFFF00000100007F:1628';
    assert.equal(guessBroker([redis], new Set(['7'])), 'redis://10.0.0.5:6379/0');
    assert.equal(guessBroker([redis], new Set(['8'])), null);
    assert.equal(guessBroker([row('0500000A:18EB', '06', 7)], new Set(['7'])), null);
    assert.equal(guessBroker([row('0500000A:01BB', '01', 7)], new Set(['7'])), null);
    assert.equal(guessBroker([row(mapped, '01', 7)], new Set(['7'])), 'amqp://localhost:5672//');
  });
  test('a password is put in and escaped, whatever was there', () => {
    assert.equal(withPassword('redis://h:1/0', 'a@b/c'), 'redis://:a%40b%2Fc@h:1/0');
    assert.equal(withPassword('amqp://me@h//', 'x'), 'amqp://me:x@h//');
    assert.equal(withPassword('amqp://me:old@h//', 'x'), 'amqp://me:x@h//');
  });
  test("a Gunicorn's address", () => {
    assert.equal(findBind(['gunicorn', '--bind=unix:/run/a b.sock']), 'unix:/run/a b.sock');
    assert.equal(findBind(['gunicorn', '-b', ':80']), ':80');
    assert.equal(findBind(['gunicorn', 'web:app']), null);
  });
});
