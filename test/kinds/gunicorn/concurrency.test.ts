import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readConcurrency } from '../../../src/targets/systemd/unit-file/locate/workers.ts';
import { sourcesOf, type Shape } from '../../targets/systemd/unit-file/shape.ts';

const told = (shape: Partial<Shape>) => {
  const found = readConcurrency(sourcesOf({ name: '', cwd: '/srv', ...shape }).sources);
  const text = (one: NonNullable<typeof found>['threads']) =>
    one === null ? '-' : one === 'unknown' ? '?' : one.text;
  return found === null ? null : `${text(found.workerClass)} ${text(found.threads)}`;
};
const config = (python: string, exec = 'gunicorn app') => ({
  exec,
  files: { '/srv/gunicorn.conf.py': python },
});

describe('how each Gunicorn worker serves requests', () => {
  const rows: [rule: string, shape: Partial<Shape>, expected: string | null][] = [
    ['nothing is said', { exec: 'gunicorn app' }, '- -'],
    ['on the command line', { exec: 'gunicorn -k gthread --threads 4 app' }, 'gthread 4'],
    ['the last one wins', { exec: 'gunicorn --threads=2 --threads=8 app' }, '- 8'],
    [
      'by GUNICORN_CMD_ARGS',
      { exec: 'env "GUNICORN_CMD_ARGS=-k gthread --threads 3" gunicorn app' },
      'gthread 3',
    ],
    [
      'the command line comes before GUNICORN_CMD_ARGS',
      { exec: 'env GUNICORN_CMD_ARGS=--threads=3 gunicorn --threads 2 app' },
      '- 2',
    ],
    ['in the config file', config('threads = 4  # each\nworker_class = "gthread"\n'), 'gthread 4'],
    [
      'the command line comes before the config file',
      config('threads = 4\n', 'gunicorn --threads 2 app'),
      '- 2',
    ],
    ['a comment says nothing', config('# threads = 4\n'), '- -'],
    ['what is computed is not known', config('threads = 2 * 4\n'), '- ?'],
    ['what is set under a condition is not known', config('if x:\n    threads = 4\n'), '- ?'],
    ['what is set twice is not known', config('threads = 4\nthreads = 5\n'), '- ?'],
    ['whatever may set any name', config('from settings import *\n'), '? ?'],
    ['a config file that is not there', { exec: 'gunicorn -c /etc/x.py --threads 2 app' }, '? 2'],
    ['a config that is a module', { exec: 'gunicorn -c python:conf app' }, '? ?'],
    ['a Celery worker', { exec: 'celery -A p worker' }, null],
  ];
  for (const [rule, shape, expected] of rows) test(rule, () => assert.equal(told(shape), expected));
});
