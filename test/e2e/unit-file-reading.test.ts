import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { OPAQUE } from '../../src/kinds/command/chars.ts';
import { readEnvironment } from '../../src/targets/systemd/unit-file/locate/environment.ts';
import {
  execStartLines,
  readCommands,
} from '../../src/targets/systemd/unit-file/syntax/exec-start.ts';
import { parseUnit } from '../../src/targets/systemd/unit-file/syntax/parse.ts';
import type { UnitSources } from '../../src/targets/systemd/unit-file/syntax/types.ts';
import { Malformed } from '../../src/targets/systemd/unit-file/syntax/words.ts';
import { type Lab, startLab } from '../lab/lab.ts';

/** Pieces that systemd's syntax gives a meaning to; random strings of them make the units. */
const PIECES =
  `a b -w 4 é # = { } $ : ' " ' " \\ \\\\ \\" \\s \\x41 \\101 \\u00e9 \\q $A $\{A} $\{B} $B $$
  $\{A:-3} $\{NONE} $NONE $\{A $A-x $\{A-x} %% %n %p %i \\; # ;;`.split(/\s+/);
const piece = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...PIECES) },
  { weight: 2, arbitrary: fc.constantFrom(' ', '\t', '  ', ' \\; ', '\\\n', '\\\n# c\n') },
);
const line = fc.array(piece, { maxLength: 14 }).map((pieces) => pieces.join(''));
const envPiece = fc.oneof(piece, fc.constantFrom('\nA=', '\nB=', '\n;', '\n#', '\r', ' \n'));
const envText = fc.array(envPiece, { maxLength: 14 }).map((pieces) => pieces.join(''));
const shape = fc.record({
  environment: fc.array(fc.tuple(fc.constantFrom('A=', '"A=', 'B=', "'B=", ''), line), {
    maxLength: 3,
  }),
  envFile: envText,
  args: line,
  second: line,
  prefix: fc.constantFrom('', ':', '@', '-', '+', '!!', '@:'),
});

interface Shown {
  argv: string[];
  env: Record<string, string>;
}

const SHOW = `#!/usr/bin/python3 -S
import json, os, sys
words = open('/proc/self/cmdline', 'rb').read().split(b'\\0')[3:-1]
text = lambda b: b.decode('utf8', 'replace')
env = {n: os.environ[n] for n in ('A', 'B') if n in os.environ}
print(json.dumps({'argv': [text(w) for w in words], 'env': env}))
`;

describe('a unit is read as systemd reads it', () => {
  let lab: Lab;
  before(async () => {
    lab = await startLab();
    await lab.writeFile('/usr/local/bin/show', SHOW, { mode: 0o755 });
  });
  after(() => lab.stop());

  test('words and variables of random units', async () => {
    const samples = fc.sample(shape, { numRuns: 160, seed: 20261124 });
    const sources = samples.map((sample, index) => sourcesOf(sample, `t${index}@in-st.service`));
    const files = sources.flatMap(({ fragment, environmentFiles }) => [
      [fragment.path, fragment.text],
      ...environmentFiles.map(({ path, text }) => [path, text]),
    ]);
    const written = await lab.exec(['python3', '-c', WRITE], { input: JSON.stringify(files) });
    assert.equal(written.exitCode, 0, written.stderr);
    await lab.ok('systemctl daemon-reload');
    const units = sources.map(({ unit }) => unit);
    await lab.sh(`systemctl start ${units.join(' ')} 2>&1`);
    const outputs = JSON.parse(await lab.ok(COLLECT)) as Record<string, string>;
    let compared = 0;
    for (const source of sources) {
      const ours = readLikeSystemd(source);
      if (ours === null) continue;
      const theirs = (outputs[source.unit] ?? '').split('\n').filter((text) => text !== '');
      const expected = theirs.map((text) => JSON.parse(text) as Shown);
      assert.deepEqual(ours, expected, source.fragment.text + source.environmentFiles[0]?.text);
      compared++;
    }
    assert.ok(compared > 80, `only ${compared} could be compared`);
  });
});

const WRITE = `
import json, os, sys
os.makedirs('/run/show')
for path, text in json.load(sys.stdin):
    open(path, 'w', newline='', encoding='utf8').write(text)`;
const COLLECT = `python3 -c "
import glob, json, os
print(json.dumps({os.path.basename(p)[:-4]: open(p).read() for p in glob.glob('/run/show/*.out')}))"`;

function sourcesOf(
  sample: {
    environment: [string, string][];
    envFile: string;
    args: string;
    second: string;
    prefix: string;
  },
  unit: string,
): UnitSources & { fragment: { path: string; text: string } } {
  const environment = sample.environment.map(([start, rest]) => `Environment=${start}${rest}\n\n`);
  const argv0 = sample.prefix.includes('@') ? 'argv0 ' : '';
  const text = `[Service]\nType=oneshot\nStandardOutput=append:/run/show/${unit}.out\n${environment.join('')}EnvironmentFile=/run/show/${unit}.env\nExecStart=${sample.prefix}/usr/local/bin/show ${argv0}first ${sample.args} ; /usr/local/bin/show second ${sample.second}\n\n`;
  return {
    unit,
    fragment: { path: `/etc/systemd/system/${unit}`, text },
    dropIns: [],
    environmentFiles: [{ path: `/run/show/${unit}.env`, text: sample.envFile }],
    workingDirectory: null,
    readFile: () => null,
    factsOf: (path: string) => ({ realPath: path, foreign: null, fault: null, isMissing: true }),
    ourEnvironment: null,
    edit: 'in-place',
    sharedPaths: new Set(),
    cpus: 1,
  };
}

/** What our reading says that the program gets; null: an error, or what only the host knows. */
function readLikeSystemd(sources: ReturnType<typeof sourcesOf>): Shown[] | null {
  const settings = parseUnit(sources.fragment).map((assignment) => ({
    file: sources.fragment,
    assignment,
  }));
  const { env } = readEnvironment(settings, sources);
  const vars: Record<string, string> = {};
  for (const [name, value] of env.vars)
    if (/^[AB]$/.test(name)) vars[name] = value === 'unknown' ? OPAQUE : value.text;
  try {
    const commands = execStartLines(settings).flatMap(({ assignment }) =>
      readCommands(assignment.value(), sources.unit, env),
    );
    const shown = commands.map(([, ...words]) => ({ argv: words.map((w) => w.text), env: vars }));
    return JSON.stringify(shown).includes('\\u0000') ? null : shown;
  } catch (error) {
    if (error instanceof Malformed) return null;
    throw error;
  }
}
