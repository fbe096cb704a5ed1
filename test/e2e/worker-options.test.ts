import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { locateWorkers } from '../../src/targets/systemd/unit-file/locate/workers.ts';
import { sourcesOf } from '../targets/systemd/unit-file/shape.ts';

/** What the program's own parser says of a command line; null: it refuses it. */
type Answer = { count: number | null } | null;

const GUNICORN = `
import json, os, sys
os.environ.pop('WEB_CONCURRENCY', None)
from gunicorn.config import Config
def read(words):
    workers = Config().parser().parse_args(words).workers
    if workers is not None:
        Config().set('workers', workers)
    return workers
`;
const CELERY = `
import json, sys, click
from celery import Celery
from celery.bin.base import CLIContext
from celery.bin.worker import worker
context = CLIContext(app=Celery('p'), no_color=True, workdir=None)
def read(words):
    # the options alone: what they call is the app's business
    for param in worker.params:
        param.callback = None
    return worker.make_context('worker', list(words), obj=context).params['concurrency']
`;
const LOOP = `
import contextlib, io
def answer(words):
    try:
        with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
            return {'count': read(words)}
    except (SystemExit, click_error):
        return None
print(json.dumps([answer(words) for words in json.load(sys.stdin)]))
`;

function ask(program: string, error: string, lines: string[][]): Answer[] {
  const script = program + LOOP.replace('click_error', error);
  const input = JSON.stringify(lines);
  return JSON.parse(
    execFileSync('/usr/bin/python3', ['-c', script], {
      input,
      encoding: 'utf8',
      stdio: ['pipe', 'pipe', 'inherit'],
    }),
  ) as Answer[];
}

const quote = (word: string): string => `"${word}"`;

/** Our reading of the same words: the count; null: none is set; the code of a refusal. */
function ours(start: string, words: string[]): number | string | null {
  const exec = `${start} ${words.map(quote).join(' ')}`;
  const found = locateWorkers(sourcesOf({ name: '', exec }).sources);
  if (found.how === 'refused') return found.code;
  return found.how === 'splice' ? found.workers : null;
}

function compare(start: string, lines: string[][], answers: Answer[]): void {
  let accepted = 0;
  lines.forEach((words, index) => {
    const answer = answers[index];
    if (!answer) return;
    accepted++;
    assert.equal(ours(start, words), answer.count, `${start} ${words.map(quote).join(' ')}`);
  });
  assert.ok(accepted > lines.length / 10, `only ${accepted} were accepted`);
}

const lineOf = (pieces: string[]): fc.Arbitrary<string[]> =>
  fc.array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 7 });

describe('options are read as the programs themselves read them', () => {
  test('gunicorn', () => {
    const pieces = [
      ...[
        '-w',
        '--workers',
        '-w3',
        '-w=4',
        '--workers=5',
        '-Rw6',
        '-DRw=7',
        '-Rw',
        '3',
        '8',
        'app:app',
      ],
      ...[
        '--worker',
        '--worker-class',
        '--worker-class=sync',
        '--worker-co',
        '-k',
        '-kgevent',
        '-b',
        '-e',
      ],
      ...[
        'A=-w9',
        '--name',
        '--workers 9',
        '-w 9',
        '--threads',
        '--thr=2',
        '--max-requests',
        '-t9',
        '-',
      ],
      ...[
        '--preload',
        '--reload',
        '--no-sendfile',
        '-R',
        '--log-file=-',
        '--error-logfile',
        '--bind=:80',
      ],
      ...[
        '--',
        '-9',
        '-n',
        '',
        '--env=X=--workers',
        '--pa=x',
        '--statsd-host',
        '--limit-request-field_size',
      ],
    ];
    const lines = fc.sample(lineOf(pieces), { numRuns: 3000, seed: 1 });
    compare('gunicorn', lines, ask(GUNICORN, 'ValueError', lines));
  });

  test('celery worker', () => {
    const pieces = [
      ...[
        '-c',
        '--concurrency',
        '-c3',
        '--concurrency=5',
        '-EBc',
        '-Ec6',
        '-E',
        '-B',
        '3',
        '8',
        '-l',
        'info',
      ],
      ...[
        '-linfo',
        '-Q',
        'a,b',
        '-n',
        '-c9',
        '-Ofair',
        '-O',
        'fair',
        '--prefetch-multiplier',
        '4',
        '-X',
      ],
      ...[
        '--max-tasks-per-child=7',
        '--time-limit',
        '--without-gossip',
        '--purge',
        '--events',
        '-s',
        '--',
      ],
      ...[
        '--loglevel=INFO',
        '-f',
        '--pidfile=/x',
        '-I',
        '--schedule',
        '--heartbeat-interval',
        '-S',
        'w1',
      ],
    ];
    const lines = fc.sample(lineOf(pieces), { numRuns: 3000, seed: 1 });
    compare('celery -A p worker', lines, ask(CELERY, 'click.ClickException', lines));
  });
});
