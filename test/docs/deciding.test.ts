import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';

const ROOT = resolve(import.meta.dirname, '../..');
const DOC = readFileSync(join(ROOT, 'docs/deciding.md'), 'utf8');
const HISTORY = join(ROOT, 'docs/examples/history.jsonl');

/** The code block behind a mark. */
function block(mark: string): string {
  const found = new RegExp(`<!-- ${mark} -->\n\`\`\`[a-z]+\n([\\s\\S]*?)\`\`\``).exec(DOC)?.[1];
  assert.ok(found !== undefined, mark);
  return found;
}

describe('the example of docs/deciding.md', () => {
  // a config must be its user's alone, with its folder
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'autoscaler-example-'));
    copyFileSync(join(ROOT, 'docs/examples/config.json'), join(folder, 'config.json'));
  });
  after(() => rmSync(folder, { recursive: true }));

  const simulate = (samples: string, input = ''): string => {
    const argv = [join(ROOT, 'dist/main.js'), '--config', join(folder, 'config.json')];
    return execFileSync(process.execPath, [...argv, 'simulate', '--samples', samples], {
      input,
      encoding: 'utf8',
    });
  };

  test('its config is that of the repository', () => {
    assert.equal(block('config'), readFileSync(join(ROOT, 'docs/examples/config.json'), 'utf8'));
  });

  test('its reasons are those of the program, sample by sample', () => {
    const lines = simulate('-', readFileSync(HISTORY, 'utf8')).trim().split('\n');
    const shown = lines.map((line) => {
      const { at, services } = JSON.parse(line) as { at: string; services: { reason: string }[] };
      return `${at.slice(11, 16)}  ${services[0]?.reason}\n`;
    });
    assert.equal(block('reasons'), shown.join(''));
  });

  test('its table is what simulate prints', () => {
    const [command, ...rest] = block('simulate').split('\n');
    assert.match(command ?? '', /simulate --samples docs\/examples\/history\.jsonl$/);
    assert.equal(simulate(HISTORY), rest.join('\n'));
  });
});
