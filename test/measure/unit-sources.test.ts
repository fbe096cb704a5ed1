import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { UserError } from '../../src/errors.ts';
import { readUnitSources } from '../../src/measure/unit-sources.ts';
import type { UnitState } from '../../src/systemd/types.ts';
import { readUnits } from '../../src/systemd/units.ts';

let root: string;
let absent: UnitState;

before(async () => {
  root = mkdtempSync(join(tmpdir(), 'autoscaler-sources-'));
  // a name that systemd cannot know is answered without it
  const state = (await readUnits(['no such.service'])).get('no such.service');
  assert.ok(state !== undefined);
  absent = state;
});
after(() => {
  rmSync(root, { recursive: true });
});

const at = (name: string) => join(root, name);
function write(name: string, content: string | Buffer): string {
  writeFileSync(at(name), content);
  return at(name);
}

describe('the files of a unit', () => {
  test('are read as they are, byte for byte', () => {
    const text = '\ufeff[Service]\r\nExecStart=/usr/bin/gunicorn # ñ\r\n\r\n';
    const fragmentPath = write('a.service', text);
    const dropIn = write('b.conf', '[Service]\n');
    const sources = readUnitSources({ ...absent, fragmentPath, dropInPaths: [dropIn] });
    assert.deepEqual(sources.fragment, { path: fragmentPath, text });
    assert.deepEqual(sources.dropIns, [{ path: dropIn, text: '[Service]\n' }]);
  });

  test('a unit that is not there has none', () => {
    assert.equal(readUnitSources(absent).fragment, null);
  });

  test('a masked unit is an empty file', () => {
    symlinkSync('/dev/null', at('masked.service'));
    const sources = readUnitSources({ ...absent, fragmentPath: at('masked.service') });
    assert.equal(sources.fragment?.text, '');
  });

  test('a drop-in that is gone is left out', () => {
    assert.deepEqual(readUnitSources({ ...absent, dropInPaths: [at('gone.conf')] }).dropIns, []);
  });

  test('an alias has the name of the unit', () => {
    assert.equal(
      readUnitSources({ ...absent, unit: 'b.service', id: 'a.service' }).unit,
      'a.service',
    );
  });

  test('text that is not UTF-8 is refused, as it could not be written back', () => {
    const fragmentPath = write('latin.service', Buffer.from('# a\xf1o\n', 'latin1'));
    assert.throws(
      () => readUnitSources({ ...absent, fragmentPath }),
      (error: unknown) => error instanceof UserError && /is not UTF-8 text/.test(error.message),
    );
  });
});

describe('environment files', () => {
  const read = (path: string, optional: boolean) =>
    readUnitSources({ ...absent, environmentFiles: [{ path, optional }] }).environmentFiles;

  test('one that is there', () => {
    const path = write('env', 'WORKERS=3\n');
    assert.deepEqual(read(path, false), [{ path, text: 'WORKERS=3\n' }]);
  });
  test('one that is optional and not there is nothing', () => {
    assert.deepEqual(read(at('none'), true), []);
  });
  test('one that must be there and is not has no text', () => {
    assert.deepEqual(read(at('none'), false), [{ path: at('none'), text: null }]);
  });
  test('one that is not UTF-8 has no text', () => {
    const path = write('env-latin', Buffer.from('A=\xf1\n', 'latin1'));
    assert.deepEqual(read(path, true), [{ path, text: null }]);
  });
  test('a pipe does not hold us up', () => {
    execFileSync('mkfifo', [at('fifo')]);
    assert.deepEqual(read(at('fifo'), false), [{ path: at('fifo'), text: null }]);
  });
  test('a folder has no text', () =>
    assert.deepEqual(read(root, true), [{ path: root, text: null }]));
});

test('processors are those that are in service', () => {
  assert.equal(readUnitSources(absent).cpus, cpus().length);
});

test('files that a command line names', () => {
  const { readFile } = readUnitSources(absent);
  assert.equal(readFile(write('gunicorn.conf.py', 'workers = 3\n')), 'workers = 3\n');
  assert.equal(readFile(at('none.py')), null);
});
