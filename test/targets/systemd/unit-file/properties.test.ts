import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { spanAt } from '../../../../src/kinds/command/chars.ts';
import { parseEnvFile } from '../../../../src/targets/systemd/unit-file/syntax/env-file.ts';
import { parseUnit } from '../../../../src/targets/systemd/unit-file/syntax/parse.ts';
import { applySplices } from '../../../../src/model/splice.ts';
import { locateWorkers } from '../../../../src/targets/systemd/unit-file/locate/workers.ts';
import { sourcesOf } from './shape.ts';

const noise = fc.constantFrom(
  '# ExecStart=/usr/bin/gunicorn -w 9',
  '; --workers 8',
  'ExecStartPre=/usr/bin/gunicorn -w 7 --check-config app',
  'ExecReload=/bin/kill -w 6 $MAINPID',
  'Environment=A=1 "B=--workers 5"',
  'Description=grüße 🍏 -w 4',
  '# gr\uDCFC\uDCDFe -w 4',
  'Restart=always',
  '',
  '\t ',
);
const option = fc.constantFrom(
  '--bind 0.0.0.0:80',
  '--threads 4',
  '--worker-class=gthread',
  '-k sync',
  '--max-requests 500',
  '-t 30',
  '-R',
  '--name "--workers 2"',
  "-e 'X=--workers 3'",
  '-n ä🍏',
);
const gap = fc.constantFrom(
  ' ',
  '  ',
  '\t',
  ' \\\n# \uDCFC\n',
  ' \\\n  ',
  ' \\\n# -w 9\n; -w 8\n\t',
  '\\\n',
);
const flag = fc.constantFrom(
  ...['--workers «N»', '--workers=«N»', '-w «N»', '-w«N»', '-w=«N»', '-Rw«N»', '"-w" \'«N»\''],
);
const generated = fc.record({
  before: fc.array(noise, { maxLength: 5 }),
  prefix: fc.constantFrom('', '-', '@', '+', '!!'),
  left: fc.array(option, { maxLength: 4 }),
  right: fc.array(option, { maxLength: 4 }),
  flag,
  gap,
  count: fc.integer({ min: 0, max: 999 }),
  wrapper: fc.constantFrom('', 'nice -n 5 ', 'python3 -m ', 'poetry run ', 'env A=b '),
  after: fc.array(noise, { maxLength: 5 }),
  ending: fc.constantFrom('\n', ''),
  crlf: fc.boolean(),
});

type Generated = typeof generated extends fc.Arbitrary<infer T> ? T : never;

function textOf(unit: Generated): string {
  const options = [...unit.left, unit.flag.replace('N', String(unit.count)), ...unit.right];
  const argv0 = unit.prefix === '@' ? 'name ' : '';
  const program = unit.wrapper === '' ? '/usr/bin/gunicorn' : `/usr/bin/${unit.wrapper}gunicorn`;
  const start =
    unit.prefix === '@' && unit.wrapper !== ''
      ? program.replace(' ', ` ${argv0}`)
      : `${program} ${argv0}`;
  const exec = `ExecStart=${unit.prefix}${start}${unit.gap}${options.join(unit.gap)} app:app`;
  const lines = ['[Service]', ...unit.before, exec, ...unit.after].join('\n') + unit.ending;
  return unit.crlf ? lines.replaceAll('\n', '\r\n') : lines;
}

describe('any unit of a known form', () => {
  test('is edited at its number and nowhere else, and then has the new number', () => {
    fc.assert(
      fc.property(generated, fc.integer({ min: 0, max: 999 }), (unit, wanted) => {
        const { sources, mark } = sourcesOf({ name: '', text: textOf(unit) });
        const found = locateWorkers(sources);
        assert.ok(found.how === 'splice', JSON.stringify(found));
        assert.deepEqual(
          [found.start, found.end, found.workers],
          [mark?.start, mark?.end, unit.count],
        );
        const before = sources.fragment?.text ?? '';
        const after = applySplices(before, [{ ...found, insert: String(wanted) }]);
        assert.equal(after.slice(0, found.start), before.slice(0, found.start));
        assert.equal(after.slice(found.start + String(wanted).length), before.slice(found.end));
        const again = locateWorkers({ ...sources, fragment: { path: found.path, text: after } });
        assert.ok(again.how === 'splice');
        assert.equal(again.workers, wanted);
      }),
      { numRuns: 500 },
    );
  });

  test('gets the same command but for an option where the file is not its own', () => {
    fc.assert(
      fc.property(generated, fc.integer({ min: 0, max: 999 }), (unit, wanted) => {
        const path = '/usr/lib/systemd/system/web.service';
        const { sources, mark } = sourcesOf({ name: '', path, text: textOf(unit) });
        const found = locateWorkers(sources);
        assert.ok(found.how === 'drop_in' && mark);
        const { text } = sources.fragment ?? { text: '' };
        const exec = text.lastIndexOf('ExecStart=', mark.start);
        assert.ok(
          found.text(wanted).includes(`${text.slice(exec, mark.start)}${wanted}`),
          found.text(wanted),
        );
        const dropIns = [{ path: found.path, text: found.text(wanted) }];
        const again = locateWorkers({ ...sources, dropIns });
        assert.ok(again.how === 'drop_in');
        assert.equal(again.workers, wanted);
        assert.equal(again.text(wanted), found.text(wanted));
      }),
      { numRuns: 200 },
    );
  });
});

describe('any text', () => {
  const piece = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 5 }),
    fc.constantFrom(
      ...['[Service]\n', '\nExecStart=', '\nEnvironment=', 'gunicorn ', 'celery -A x worker '],
      ...[
        "sh -c '",
        'bash -c "',
        '"',
        "'",
        '\\',
        '\\\n',
        '$',
        '${',
        '}',
        ':-',
        '$(',
        '`',
        ')',
        '(',
      ],
      ...[
        ' -w ',
        ' -c ',
        '--workers=',
        '3',
        ' ; ',
        '&&',
        '||',
        '|',
        '>',
        '<<',
        '%',
        '%i',
        '=',
        ' ',
      ],
      ...['multi start ', 'sudo ', 'env ', 'su - x -c ', 'python -m ', 'uv run ', '$@', '$1', '# '],
    ),
  );
  const text = fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join(''));

  test('is located or refused, and never makes it throw', () => {
    fc.assert(
      fc.property(text, text, text, (fragment, dropIn, envFile) => {
        const { sources } = sourcesOf({
          name: '',
          text: `[Service]\nExecStart=${fragment}`,
          dropIns: { '/etc/systemd/system/web.service.d/a.conf': `[Service]\n${dropIn}` },
          envFiles: { '/etc/web.env': envFile },
        });
        const found = locateWorkers(sources);
        if (found.how === 'splice') {
          const files = [sources.fragment, ...sources.dropIns, ...sources.environmentFiles];
          const file = files.find((each) => each?.path === found.path);
          assert.ok(file);
        }
      }),
      { numRuns: 2000 },
    );
  });

  /** systemd reads a line at a time: nothing but these can come of ours. */
  const OUR_LINES =
    /^(?:#[ -~]*|\[Service\]|ExecStart=[^\0-\x08\n-\x1f\x7f]*|Environment=(?:[A-Za-z_]\w*|GUNICORN_CMD_ARGS=--workers)=\d+|EnvironmentFile=-\/etc\/systemd\/system\/web\.service\.d\/50-autoscaler\.env|)$/;

  test('of hers gets into a drop-in of ours as commands of one line, and in no other way', () => {
    let dropIns = 0;
    const fragment = fc.oneof(text, generated.map(textOf));
    fc.assert(
      fc.property(fragment, text, text, (unit, dropIn, envFile) => {
        const hers = ['/home/a/web.service', '/home/a/a.conf', '/home/a/env'] as const;
        const { sources } = sourcesOf({
          name: '',
          path: hers[0],
          text: unit.includes('[Service]') ? unit : `[Service]\nExecStart=${unit}`,
          dropIns: { [hers[1]]: `[Service]\n${dropIn}` },
          envFiles: { [hers[2]]: envFile },
          foreign: Object.fromEntries(hers.map((path) => [path, 'hers'])),
        });
        const found = locateWorkers(sources);
        assert.notEqual(found.how, 'splice');
        if (found.how !== 'drop_in') return;
        dropIns++;
        const ours = found.text(17);
        for (const line of ours.split('\n')) {
          assert.match(line, OUR_LINES);
          // an odd number of backslashes would join the next line to it
          assert.equal((/\\*$/.exec(line)?.[0].length ?? 0) % 2, 0, line);
        }
        const commands = (content: string): string[] =>
          parseUnit({ path: '', text: content })
            .filter(({ key }) => key === 'ExecStart')
            .map((each) => each.value().text);
        const own = commands(ours);
        const said = commands([unit, dropIn].join('\n')).length + 1;
        assert.ok(own.length <= said + 1, `${own.length} of ${said}`);
        assert.match(
          found.environment?.text?.(17) ?? 'A=17\n',
          /^(?:#[ -~]*\n)*[A-Za-z_]\w*=17\n$/,
        );
      }),
      { numRuns: 3000 },
    );
    assert.ok(dropIns > 300, `${dropIns} drop-ins`);
  });

  test('is cut into values whose characters stand where they say', () => {
    fc.assert(
      fc.property(text, (content) => {
        const file = { path: '/x', text: content };
        const values = [
          ...parseUnit(file).map((a) => a.value()),
          ...parseEnvFile(file).map((a) => a.value),
        ];
        for (const value of values)
          for (let at = 0; at < value.text.length; at++) {
            const { start, end, fixed } = spanAt(value, at);
            if (end - start === 1 && !fixed)
              assert.equal(content.charAt(start), value.text.charAt(at));
          }
      }),
      { numRuns: 500 },
    );
  });
});

describe('a megabyte', () => {
  const big: [string, (n: number) => string][] = [
    ['of comments', (n) => `[Service]\n${'# -w 9\n'.repeat(n / 7)}ExecStart=gunicorn -w 3 app\n`],
    [
      'of environment',
      (n) =>
        `[Service]\n${'Environment=A=1 "B=2 3"\n'.repeat(n / 24)}ExecStart=gunicorn -w 3 app\n`,
    ],
    ['of arguments', (n) => `[Service]\nExecStart=gunicorn ${'-e A=1 '.repeat(n / 7)}-w 3 app\n`],
    [
      'of continuation lines',
      (n) => `[Service]\nExecStart=gunicorn ${'\\\n# c\n-t 1 '.repeat(n / 12)}-w 3 app\n`,
    ],
    [
      'of a script',
      (n) => `[Service]\nExecStart=sh -c '${'true && '.repeat(n / 8)} exec gunicorn -w 3 app'\n`,
    ],
    [
      'of variables for a command',
      (n) => {
        const variables = Array.from({ length: n / 10 }, (_, at) => `A${at}=1`).join(' ');
        return `[Service]\nExecStart=env ${variables} gunicorn -w 3 app\n`;
      },
    ],
    [
      'of variables of a script',
      (n) => {
        const variables = Array.from({ length: n / 10 }, (_, at) => `A${at}=1`).join('; ');
        return `[Service]\nExecStart=sh -c '${variables}; gunicorn -w 3 app'\n`;
      },
    ],
    ['of braces', (n) => `[Service]\nExecStart=gunicorn -w 3 ${'${A'.repeat(n / 3)}\n`],
    [
      'of opened expansions',
      (n) => `[Service]\nExecStart=:sh -c 'gunicorn -w 3 ${'${A:-'.repeat(n / 5)}'\n`,
    ],
    ['of quotes', (n) => `[Service]\nExecStart=gunicorn -w 3 ${'"'.repeat(n)}\n`],
  ];
  for (const [name, make] of big)
    test(`${name} takes about four times as long as a quarter of it`, () => {
      const quarter = timeOf(make(250_000));
      const whole = timeOf(make(1_000_000));
      // Four times, with room for noise and the garbage collector; a square would be sixteen times.
      assert.ok(whole < 10 * quarter + 100, `${quarter} ms, then ${whole} ms`);
    });
});

/** In milliseconds. */
function timeOf(text: string): number {
  const { sources } = sourcesOf({ name: '', text });
  const start = performance.now();
  locateWorkers(sources);
  return performance.now() - start;
}
