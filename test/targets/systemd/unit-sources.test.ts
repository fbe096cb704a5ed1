import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { readUnitSources } from '../../../src/targets/systemd/unit-sources.ts';
import type { UnitState } from '../../../src/model/unit-state.ts';
import { readUnits } from '../../../src/targets/systemd/units.ts';

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

  test('bytes that are not UTF-8 are kept apart, so that they can be written back', () => {
    const fragmentPath = write('latin.service', Buffer.from('# a\xf1o\n', 'latin1'));
    const { fragment } = readUnitSources({ ...absent, fragmentPath });
    assert.equal(fragment?.text, '# a\udcf1o\n');
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
  test('bytes that are not UTF-8 are kept apart', () => {
    const path = write('env-latin', Buffer.from('# \xf1\nA=b\n', 'latin1'));
    assert.deepEqual(read(path, true), [{ path, text: '# \udcf1\nA=b\n' }]);
  });
  test('a pipe does not hold us up', () => {
    execFileSync('mkfifo', [at('fifo')]);
    assert.deepEqual(read(at('fifo'), false), [{ path: at('fifo'), text: null }]);
  });
  test('a pattern that stands for too many has no text, and says so', () => {
    const sources = readUnitSources({
      ...absent,
      environmentFiles: [{ path: at('*.env'), optional: true, tooMany: true }],
    });
    assert.deepEqual(sources.environmentFiles, [{ path: at('*.env'), text: null }]);
    assert.match(sources.factsOf(at('*.env')).fault ?? '', /more than 100 files/);
  });
  test('of more than 100, or more than 1 MB together, the rest is left out, which has no text', () => {
    const path = write('big', Buffer.alloc(200_000, 'A=1\n'));
    const many = (path: string, count: number) => {
      const environmentFiles = Array.from({ length: count }, () => ({ path, optional: false }));
      return readUnitSources({ ...absent, environmentFiles }).environmentFiles;
    };
    assert.deepEqual(many(path, 50).at(-1), { path, text: null });
    assert.equal(many(path, 50).length, 6);
    const small = write('small', 'A=1\n');
    assert.deepEqual(many(small, 500).at(-1), { path: small, text: null });
    assert.equal(many(small, 500).length, 101);
  });
  test('a folder has no text', () =>
    assert.deepEqual(read(root, true), [{ path: root, text: null }]));
});

test('processors are those that are in service', () => {
  assert.equal(readUnitSources(absent).cpus, cpus().length);
});

describe('what is known of a file besides its text', () => {
  const facts = (path: string) => readUnitSources(absent).factsOf(path);

  test("one of root's", () => {
    const path = write('own.env', 'A=1\n');
    assert.deepEqual(facts(path), { realPath: path, foreign: null, fault: null, isMissing: false });
  });
  test("one of another user's, and why", () => {
    const path = write('alice.env', 'A=1\n');
    chownSync(path, 1000, 1000);
    assert.equal(facts(path).foreign, 'it belongs to user 1000');
  });
  test('where a link leads', () => {
    const target = write('target.env', 'A=1\n');
    symlinkSync(target, at('link.env'));
    assert.equal(facts(at('link.env')).realPath, target);
  });
  test('why it cannot be read', () => {
    const path = write('large.env', Buffer.alloc(300_000, 'A=1\n'));
    assert.equal(facts(path).fault, 'larger than 256 KB');
    assert.deepEqual(
      readUnitSources({ ...absent, environmentFiles: [{ path, optional: true }] }).environmentFiles,
      [{ path, text: null }],
    );
  });
  test('one that is not there is none, and is judged by its folder', () => {
    assert.equal(facts(at('none')).isMissing, true);
    assert.equal(facts(at('none')).foreign, null);
  });
  test('each file is read once, whatever becomes of it meanwhile', () => {
    const path = write('once.env', 'A=1\n');
    const sources = readUnitSources({ ...absent, environmentFiles: [{ path, optional: false }] });
    chownSync(path, 1000, 1000);
    writeFileSync(path, 'A=2\n');
    assert.equal(sources.readFile(path), 'A=1\n');
    assert.equal(sources.factsOf(path).foreign, null);
  });
});

test('files that a command line names', () => {
  const { readFile } = readUnitSources(absent);
  assert.equal(readFile(write('gunicorn.conf.py', 'workers = 3\n')), 'workers = 3\n');
  assert.equal(readFile(at('none.py')), null);
});
