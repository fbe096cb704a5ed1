import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkKeptConnections } from '../../../../src/commands/check/findings/kept-connections.ts';
import { readConcurrency } from '../../../../src/targets/systemd/unit-file/locate/workers.ts';
import { sourcesOf } from '../../../targets/systemd/unit-file/shape.ts';

describe('connections that a lowering may cut', () => {
  /** null: nothing is told */
  const ROWS: [rule: string, exec: string, expected: RegExp | null, config?: string][] = [
    ['sync workers keep none', 'gunicorn app', null],
    ['gthread keeps them, by default for 2 s', 'gunicorn -k gthread app', /for 2 s/],
    ['the class by its path', 'gunicorn -k gunicorn.workers.gthread.ThreadWorker app', /for 2 s/],
    ['several threads make it gthread', 'gunicorn --threads 2 app', /for 2 s/],
    ['one thread does not', 'gunicorn --threads 1 app', null],
    ['of the class sync too', 'gunicorn -k sync --threads 4 app', /for 2 s/],
    ['another class has no such threads', 'gunicorn -k gevent --threads 4 app', null],
    ['as long as it is told', 'gunicorn --threads 2 --keep-alive 75 app', /for 75 s/],
    ['0 keeps none', 'gunicorn --threads 2 --keep-alive=0 app', null],
    [
      'by GUNICORN_CMD_ARGS',
      'env "GUNICORN_CMD_ARGS=--threads=2 --keep-alive=5" gunicorn app',
      /for 5 s/,
    ],
    ['by the config file', 'gunicorn app', /for 9 s/, 'threads = 3\nkeepalive = 9\n'],
    ['0 in the config file', 'gunicorn --threads 2 app', null, 'keepalive = 0\n'],
    [
      'computed: on, for a time not known',
      'gunicorn --threads 2 app',
      /connections: a/,
      'keepalive = 2 * x\n',
    ],
    ['a class that is not known is not told', 'gunicorn app', null, 'threads = 2 * cpus\n'],
    ['Celery has none', 'celery -A p worker', null],
  ];
  for (const [rule, exec, expected, config] of ROWS) {
    test(rule, () => {
      const files = config === undefined ? {} : { '/srv/gunicorn.conf.py': config };
      const { sources } = sourcesOf({ name: '', cwd: '/srv', exec, files });
      const findings = checkKeptConnections('web', readConcurrency(sources));
      assert.equal(findings.length, expected === null ? 0 : 1);
      if (expected !== null) assert.match(findings[0]?.evidence ?? '', expected);
    });
  }
});
