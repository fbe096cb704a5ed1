import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { Budget } from '../../../../../src/kinds/command/budget.ts';
import { OPAQUE, charsOf, slice, spanAt, wordAt } from '../../../../../src/kinds/command/chars.ts';
import type { Chars } from '../../../../../src/kinds/command/chars.ts';
import { findPrograms } from '../../../../../src/targets/systemd/unit-file/locate/programs.ts';

const ENV = { A: '3', B: 'two words', E: '', Q: `"x' $A` };
/** Pieces of scripts all of whose commands run, so that what runs can be compared. */
const PIECES = [
  '\n',
  '\\\n',
  ' # c\n',
  ...String.raw`gunicorn |gunicorn -w |nice gunicorn |true && |true; |;| | | |a|-w|3|''|$A|$B|"$B"|$E|"$E"
    |$Q|"$Q"|$N|$X|"$X"|\ |\$A|'$A'|"\$A"|"\a"|a#b|x=y|"$@"|$1|"$2"|$$A
    |>/dev/null |2>&1 | </dev/null |; X=1 gunicorn |; X=$B; |; export X=$B; |; X=$A; `.split(
    /\n *\||\|/,
  ),
  ...'{A} {B} {N:-4} {E:-5} {E-6} {A:+7} {N:-{A}}'
    .split(' ')
    .map((piece) => piece.replaceAll('{', '${')),
  '"${N:-a b}"',
  '${N:-a b}',
  "${N:-'c d'}",
];
const scripts = fc
  .array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 8 })
  .map((pieces) => `gunicorn ${pieces.join('')}`);

describe('a script is read as the shell reads it', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'shell-'));
    const gunicorn = join(folder, 'gunicorn');
    writeFileSync(gunicorn, `#!/bin/sh\nprintf '<%s>' "X=$X" "$@" >> "$OUT"; echo >> "$OUT"\n`);
    chmodSync(gunicorn, 0o755);
  });
  after(() => rmSync(folder, { recursive: true }));

  /** The variables and words of each `gunicorn` that the shell starts; null: the shell refuses the script. */
  function run(script: string): string[] | null {
    const out = join(folder, 'out');
    const env = { ...ENV, PATH: `${folder}:/usr/bin:/bin`, OUT: out };
    writeFileSync(out, '');
    try {
      const marked = `${script}\n:`;
      execFileSync('/bin/sh', ['-c', marked, 'sh', 'p 1', 'p2'], { env, stdio: 'ignore' });
      return execFileSync('cat', [out], { encoding: 'utf8' }).split('\n').slice(0, -1);
    } catch {
      return null;
    }
  }

  test('words, variables and assignments of random scripts', () => {
    let compared = 0;
    for (const script of fc.sample(scripts, { numRuns: 400, seed: 3 })) {
      const read = readScriptOf(script);
      const real = read && run(script);
      if (!real) continue;
      assert.deepEqual(read, real, script);
      if (real.length > 0) compared++;
    }
    assert.ok(compared > 150, `only ${compared} could be compared`);
  });
});

/** Our reading in the same form; null: there is something in it that is not followed. */
function readScriptOf(script: string): string[] | null {
  const vars = new Map(Object.entries(ENV).map(([name, value]) => [name, whole(value)]));
  const words = ['/bin/sh', '-c', script, 'sh', 'p 1', 'p2'].map((text) => {
    const chars = whole(`${text} `);
    return wordAt(slice(chars, 0, text.length), chars, 0, text.length);
  });
  const context = {
    env: { vars, unknown: null, budget: new Budget() },
    cwd: '/',
    readFile: () => null,
    runBy: null,
    factsOf: (path: string) => ({ realPath: path, foreign: null, fault: null, isMissing: true }),
  };
  const programs = findPrograms(words, context);
  if (programs.some(({ argv }) => argv.some(({ text }) => text.includes(OPAQUE)))) return null;
  if (programs.some(({ is, argv }) => is === 'unknown' && argv[0]?.text !== 'true')) return null;
  return programs
    .filter(({ kind }) => kind === 'gunicorn')
    .map(({ argv, context: { env } }) => {
      const x = env.vars.get('X');
      const shown = [
        `X=${typeof x === 'object' ? x.text : ''}`,
        ...argv.slice(1).map((w) => w.text),
      ];
      return shown.map((word) => `<${word}>`).join('');
    });
}

function whole(text: string): Chars {
  const chars = charsOf({ path: '/x', text }, 0, text.length);
  if (text !== '') assert.equal(spanAt(chars, 0).start, 0);
  return chars;
}
