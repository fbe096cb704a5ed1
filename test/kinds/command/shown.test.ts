import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { locateWorkers } from '../../../src/targets/systemd/unit-file/locate/workers.ts';
import { sourcesOf, type Shape } from '../../targets/systemd/unit-file/shape.ts';

const SECRET = 's3cret';
const ENV = '/home/alice/env';
const UNIT = '/home/alice/web.service';

/** What is said of a unit where `foreign` belongs to somebody else. */
function whatIsSaid(shape: Omit<Shape, 'name'>, foreign: string): string {
  const reason = `it belongs to user 1000`;
  const { sources } = sourcesOf({ name: '', ...shape, foreign: { [foreign]: reason } });
  const location = locateWorkers(sources);
  if (location.how === 'drop_in') return `${location.why}\n${location.overrules ?? ''}`;
  assert.ok(location.how === 'refused', JSON.stringify(location));
  return `${location.message}\n${location.hint}`;
}

/** Each quotes `$A` where it is root's own. */
const rows: [what: string, exec: string, value: string][] = [
  ['a number', '/usr/bin/gunicorn --workers ${A} app', SECRET],
  ['the names of nodes', '/usr/bin/celery multi start $A', `${SECRET} other`],
  [
    'the name of a node that has its own concurrency',
    '/usr/bin/celery multi start a $A',
    `-c:${SECRET} 3`,
  ],
  ['the beginning of an option', '/usr/bin/gunicorn $A app', `--w=${SECRET}`],
  ['the beginning of an option itself', '/usr/bin/gunicorn $A app', '--pro'],
  ['a program', '/bin/sh -c "$$A"', `/srv/${SECRET}`],
  ['the words of a command', '/usr/bin/mysql $A', `-p${SECRET} -u root`],
  ['beat', '/usr/bin/celery beat $A', SECRET],
  ['an ASGI server', '/usr/bin/uvicorn $A', SECRET],
  ['a module of the config', '/usr/bin/gunicorn -c python:${A} app', SECRET],
  ['a config file', '/usr/bin/gunicorn -c ${A} app', `/srv/${SECRET}.py`],
  ['a config file by a variable', '/usr/bin/gunicorn app', `/srv/${SECRET}.py`],
  ['a script that is read', '/bin/sh -c \'. "$$A"; gunicorn app\'', `/srv/${SECRET}`],
];

describe('what a file of somebody else holds is not shown, as it may be a link to what only root may read', () => {
  for (const [what, exec, value] of rows) {
    test(what, () => {
      const isByVariable = /by a variable/.test(what);
      const files = { [`/srv/${SECRET}.py`]: 'workers = 3\n' };
      const text = isByVariable ? `GUNICORN_CMD_ARGS="-c ${value}"\n` : `A="${value}"\n`;
      const said = whatIsSaid({ exec, envFiles: { [ENV]: text }, files }, ENV);
      const [word = ''] = value.match(/s3cret|--pro/) ?? [];
      assert.ok(!said.includes(word), said);
      // and it is where the file is root's
      const own = whatIsSaid({ exec, envFiles: { [ENV]: text }, files }, '/home/alice/other');
      if (!/^--w=/.test(value)) assert.ok(own.includes(word), own);
    });
  }

  test('a unit that is linked into a folder of theirs', () => {
    const text = `[Service]\nExecStart=/usr/bin/mysql -p${SECRET}\n`;
    const said = whatIsSaid({ path: UNIT, text }, UNIT);
    assert.match(said, /expected a gunicorn or celery worker command, found "… …"/);
  });

  test("what is root's in the same command is", () => {
    const shape = { exec: '/usr/bin/mysql -p $A', envFiles: { [ENV]: `A=${SECRET}\n` } };
    assert.match(whatIsSaid(shape, ENV), /found "\/usr\/bin\/mysql -p …"/);
  });
});
