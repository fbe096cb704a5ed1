import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assumeRunning } from '../../../../src/targets/assume-running.ts';
import { toKnown } from '../../../../src/targets/systemd/to-located.ts';
import {
  locateWorkers,
  readCommandFacts,
} from '../../../../src/targets/systemd/unit-file/locate/workers.ts';
import { sourcesOf } from './shape.ts';

const facts = (exec: string) => readCommandFacts(sourcesOf({ name: '', exec }).sources);

describe('what the command says of the pool', () => {
  const rows: [string, string, ReturnType<typeof readCommandFacts>][] = [
    ['Gunicorn, default', 'gunicorn app', { kind: 'gunicorn', pool: null, embeddedBeat: false }],
    [
      'the last -k wins',
      'gunicorn -k sync -k gevent app',
      { kind: 'gunicorn', pool: 'gevent', embeddedBeat: false },
    ],
    ['Celery, default', 'celery -A p worker', { kind: 'celery', pool: null, embeddedBeat: false }],
    [
      'Celery -P',
      'celery -A p worker -P threads',
      { kind: 'celery', pool: 'threads', embeddedBeat: false },
    ],
    ['Celery -B', 'celery -A p worker -EB', { kind: 'celery', pool: null, embeddedBeat: true }],
    [
      'by the environment',
      'env CELERY_WORKER_POOL=gevent CELERY_WORKER_BEAT=1 celery -A p worker',
      { kind: 'celery', pool: 'gevent', embeddedBeat: true },
    ],
    [
      'also where the number is refused',
      'gunicorn -w auto -k gthread app',
      { kind: 'gunicorn', pool: 'gthread', embeddedBeat: false },
    ],
    ['no worker', 'celery -A p beat', null],
  ];
  for (const [name, exec, expected] of rows)
    test(name, () => assert.deepEqual(facts(exec), expected));
});

describe('what runs is in force where only the app may set the number', () => {
  const rows: [string, number | null, number][] = [
    ['celery -A p worker', 8, 8],
    ['celery -A p worker', null, 4],
    ['celery -A p worker -c 3', 8, 3],
    ['env CELERY_WORKER_CONCURRENCY=3 celery -A p worker', 8, 3],
    ['gunicorn app', 8, 1],
  ];
  for (const [exec, running, expected] of rows)
    test(`${exec}, ${running} run: ${expected}`, () => {
      const located = toKnown(locateWorkers(sourcesOf({ name: '', exec }).sources));
      const found = assumeRunning(located, running);
      assert.equal(found.how !== 'refused' && found.workers, expected);
    });
});

describe('where the number stands, for people', () => {
  const rows: [string, string][] = [
    ['gunicorn --workers 3 app', '--workers in ExecStart'],
    ['gunicorn -Rw3 app', '-w in ExecStart'],
    ['celery -A p worker -c4', '-c in ExecStart'],
    ['celery -A p worker --concurrency=4', '--concurrency in ExecStart'],
    ['env WEB_CONCURRENCY=3 gunicorn app', 'WEB_CONCURRENCY in ExecStart'],
  ];
  for (const [exec, expected] of rows)
    test(exec, () => {
      const found = locateWorkers(sourcesOf({ name: '', exec }).sources);
      assert.equal(found.how === 'splice' && found.what, expected);
    });
});
