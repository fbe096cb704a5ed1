import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { findPlainCall } from '../src/plain-call.ts';
import { autoscaler } from './commands/built.ts';
import { writeConfig } from './config/write-config.ts';

describe('a call with nothing to parse', () => {
  const cases: [words: string[], isPlain: boolean][] = [
    [['run'], true],
    [['status'], true],
    [['metrics', 'all'], true],
    [['run', '--config', 'a.json'], true],
    [['--config', 'a.json', 'run'], true],
    [['metrics', '--config', 'a.json', 'all'], true],
    [['run', '--dry-run'], false],
    [['run', '-v'], false],
    [['run', 'all'], false],
    [['metrics'], false],
    [['metrics all'], false],
    [['--config=a.json', 'run'], false],
    [['run', '--config'], false],
    [['run', '--config', ''], false],
    [['run', '--config', '-v'], false],
    [['run', '--config', 'a.json', '--config', 'b.json'], false],
    [['constructor'], false],
    [[], false],
  ];
  for (const [words, isPlain] of cases) {
    test(`${words.join(' ')}: ${isPlain ? 'yes' : 'no'}`, () => {
      assert.equal(findPlainCall(words) !== null, isPlain);
    });
  }
});

describe('it does what commander would make of it', () => {
  let folder: string;
  let config: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'autoscaler-plain-'));
    // a threshold that can never be passed is warned of
    const shop = { max_workers: 4, cpu_thresholds: { scale_up_2: 100 } };
    const global = { state_dir: join(folder, 'state'), backup_dir: join(folder, 'backups') };
    config = writeConfig(JSON.stringify({ projects: { shop }, global }));
  });
  after(() => rmSync(folder, { recursive: true }));

  for (const words of [['run'], ['status'], ['metrics', 'all']]) {
    test(words.join(' '), () => {
      const calls = [
        [...words, '--config', config],
        [...words, `--config=${config}`],
      ];
      assert.deepEqual(
        calls.map((args) => findPlainCall(args) !== null),
        [true, false],
      );
      const [plain, parsed] = calls.map((args) => {
        // what is said once is said to each
        rmSync(join(folder, 'state'), { recursive: true, force: true });
        const { code, stdout, stderr } = autoscaler(args);
        // moments and measures, and the blanks that fill a column up
        const constant = (text: string): string => text.replace(/[\d.\s]+/g, ' ');
        return { code, stdout: constant(stdout), stderr: constant(stderr) };
      });
      assert.deepEqual(plain, parsed);
      assert.match(`${plain?.stdout}${plain?.stderr}`, /shop/);
    });
  }

  test('also where the config is wrong', () => {
    const wrong = join(folder, 'none.json');
    const [plain, parsed] = [['--config', wrong], [`--config=${wrong}`]].map((last) =>
      autoscaler(['run', ...last]),
    );
    assert.deepEqual(plain, parsed);
    assert.equal(plain?.code, 78);
  });
});
