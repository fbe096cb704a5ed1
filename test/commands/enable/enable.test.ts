import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { assertDocumented } from '../../docs/json-schemas.ts';
import { autoscaler, type Ended } from '../built.ts';

const CONFIG = `{
  // mine
  "projects": {
    "shop": { "enabled": false, /* not yet */ "max_workers": 4, "cpu_thresholds": { "scale_up_3": 70 }, },
    "tasks": {
      "max_workers": 4, "cpu_thresholds": { "scale_up_3": 70 }
    }
  }
}
`;

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'enable-'));
  path = join(folder, 'c.json');
  writeFileSync(path, CONFIG, { mode: 0o600 });
});
afterEach(() => rmSync(folder, { recursive: true }));

const call = (...args: string[]): Ended => autoscaler(['--config', path, ...args]);
const read = (): string => readFileSync(path, 'utf8');

describe('enable and disable', () => {
  test('what cannot be noted in the log file is refused, and changes nothing', () => {
    const config = CONFIG.replace(
      '"projects"',
      `"global": { "log_file": "${folder}" }, "projects"`,
    );
    writeFileSync(path, config);
    const { code, stderr } = call('enable', 'shop');
    assert.equal(code, 78, stderr);
    assert.match(stderr, /expected a log file/);
    assert.equal(read(), config);
    assert.deepEqual(readdirSync(folder), ['c.json']);
  });

  test('change one word; owner, mode and what was before are kept', () => {
    chmodSync(path, 0o640);
    chownSync(path, 0, 4);
    const { code, stdout, stderr } = call('enable', 'shop');
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^shop: enabled, .*\nChanged: .*c\.json \(backup: .*c\.json\.bak\)/);
    assert.equal(read(), CONFIG.replace('false', 'true'));
    assert.equal(readFileSync(`${path}.bak`, 'utf8'), CONFIG);
    for (const file of [path, `${path}.bak`]) {
      const { mode, uid, gid } = statSync(file);
      assert.deepEqual([mode & 0o777, uid, gid], [0o640, 0, 4], file);
    }
    call('disable', 'tasks.service');
    assert.equal(readFileSync(`${path}.bak`, 'utf8'), CONFIG.replace('false', 'true'));
    assert.match(read(), /"tasks": \{\n {6}"enabled": false,\n {6}"max_workers"/);
    assert.deepEqual(readdirSync(folder).sort(), ['c.json', 'c.json.bak']);
  });

  test('already so: says so and touches nothing', () => {
    const { code, stdout } = call('enable', 'tasks');
    assert.deepEqual([code, stdout], [0, 'tasks is enabled already: nothing to do\n']);
    assert.equal(existsSync(`${path}.bak`), false);
    const { stdout: json } = call('disable', 'shop', '--json');
    assert.deepEqual(JSON.parse(json), { project: 'shop', enabled: false, changed: false });
  });

  test('several, or all, in one edit; what is so already stays', () => {
    const { code, stdout } = call('disable', '--all', '--json');
    assert.equal(code, 0);
    const { projects } = assertDocumented('disable', stdout) as { projects: object[] };
    assert.deepEqual(projects, [
      { project: 'shop', enabled: false, changed: false },
      { project: 'tasks', enabled: false, changed: true },
    ]);
    assert.match(
      call('enable', 'shop', 'tasks.service', 'shop').stdout,
      /^shop: .*\ntasks: .*\nCh/,
    );
    assert.equal(read().match(/"enabled": true/g)?.length, 2);
    assert.match(readFileSync(`${path}.bak`, 'utf8'), /"enabled": false[^]*"enabled": false/);
    for (const args of [['enable'], ['enable', 'shop', '--all']]) {
      assert.equal(call(...args).code, 64, args.join(' '));
    }
  });

  test('a dry run shows the edit and writes nothing', () => {
    const { stdout } = call('enable', 'shop', '--dry-run');
    assert.match(stdout, /-.*"enabled": false.*\n\+.*"enabled": true/);
    assert.deepEqual([read(), readdirSync(folder)], [CONFIG, ['c.json']]);
  });

  test('a config behind a link: the link stays', () => {
    const link = join(folder, 'link.json');
    symlinkSync('c.json', link);
    assert.equal(autoscaler(['--config', link, 'enable', 'shop']).code, 0);
    assert.equal(read(), CONFIG.replace('false', 'true'));
  });

  test('an unknown project: the nearest name, exit 64', () => {
    const { code, stderr } = call('enable', 'shopp');
    assert.equal(code, 64);
    assert.match(stderr, /Did you mean shop\?/);
  });

  test('a config that is wrong is left alone, exit 78', () => {
    const wrong = CONFIG.replace('"max_workers": 4, "cpu', '"max_wokers": 4, "cpu');
    writeFileSync(path, wrong);
    const { code, stderr } = call('enable', 'shop');
    assert.equal(code, 78);
    assert.match(stderr, /max_wokers/);
    assert.equal(read(), wrong);
  });
});
