import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readProgram } from '../../src/kinds/program.ts';

describe('a command line that is a master', () => {
  const rows: [
    argv: string[],
    kind: 'gunicorn' | 'celery',
    pool?: string | null,
    beat?: boolean,
  ][] = [
    [['/usr/bin/python3', '/usr/bin/gunicorn', '-w', '3', 'web:app'], 'gunicorn'],
    [['/srv/venv/bin/python3.11', '/srv/venv/bin/gunicorn', 'web:app'], 'gunicorn'],
    [['python', '-m', 'gunicorn', 'web:app'], 'gunicorn'],
    [['python3', '-u', '-X', 'dev', '-W', 'error', '-m', 'gunicorn', 'web:app'], 'gunicorn'],
    [['python3', '-Bum', 'gunicorn', 'web:app'], 'gunicorn'],
    [['python3', '-m', 'gunicorn.app.wsgiapp', 'web:app'], 'gunicorn'],
    [['python3', '-Bmgunicorn', 'web:app'], 'gunicorn'],
    [['/usr/bin/python3.13t', '/usr/bin/gunicorn-3.13', 'web:app'], 'gunicorn'],
    [['/usr/bin/python3', '/usr/bin/celery-3.13', '-A', 'x', 'worker'], 'celery', null, false],
    [['pypy3', '/srv/bin/gunicorn', 'web:app'], 'gunicorn'],
    [['gunicorn: master [web:app]'], 'gunicorn'],
    [['python3', '/usr/bin/celery', '-A', 'shop', 'worker', '-c', '4'], 'celery', null, false],
    [['python3', '-m', 'celery', 'worker', '-A', 'shop'], 'celery', null, false],
    [['python3', 'manage.py', 'celery', 'worker'], 'celery', null, false],
    [['python3', '/b/celery', '-A', 'x', 'worker', '-P', 'threads'], 'celery', 'threads', false],
    [['python3', '/b/celery', '-A', 'x', 'worker', '-Pgevent'], 'celery', 'gevent', false],
    [['python3', '/b/celery', '-A', 'x', 'worker', '--pool=solo'], 'celery', 'solo', false],
    [
      ['python3', '/b/celery', '-A', 'x', 'worker', '--pool', 'prefork'],
      'celery',
      'prefork',
      false,
    ],
    [['python3', '/b/celery', '-A', 'x', 'worker', '-B'], 'celery', null, true],
    [['python3', '/b/celery', '-A', 'x', 'worker', '-EBc', '4'], 'celery', null, true],
    [['python3', '/b/celery', '-A', 'x', 'worker', '--beat'], 'celery', null, true],
    [['python3', '/b/celery', '-ABase', 'worker'], 'celery', null, false],
    [['[celeryd: celery@host:MainProcess] -active- (worker -A shop -B)'], 'celery', null, true],
    [['[celeryd: w1@host:MainProcess]'], 'celery', null, false],
  ];
  for (const [argv, kind, pool = null, embeddedBeat = false] of rows) {
    test(argv.join(' '), () => assert.deepEqual(readProgram(argv), { kind, pool, embeddedBeat }));
  }
});

describe('a command line that is none', () => {
  const rows: string[][] = [
    ['/bin/sh', '-c', 'gunicorn -w 3 web:app'],
    ['/bin/sh', '/usr/bin/celery', '-A', 'shop', 'worker'],
    ['uv', 'run', 'gunicorn', 'web:app'],
    ['python3', '/usr/bin/poetry', 'run', 'gunicorn', 'web:app'],
    ['sudo', '-u', 'www', 'python3', '/usr/bin/gunicorn'],
    ['python3', '/usr/bin/celery', '-A', 'shop', 'beat'],
    ['python3', '/usr/bin/celery', '-A', 'shop', 'flower'],
    ['python3', 'app.py', 'gunicorn'],
    ['python3', '-c', 'from multiprocessing.resource_tracker import main;main(5)'],
    ['gunicorn: worker [web:app]'],
    ['[celeryd: celery@host:ForkPoolWorker-1]'],
    ['[celery beat]'],
    ['python3'],
    [''],
  ];
  for (const argv of rows) {
    test(argv.join(' '), () => assert.equal(readProgram(argv), null));
  }
});
