import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { locateWorkers } from '../../src/targets/systemd/unit-file/locate/workers.ts';
import { sourcesOf, type Shape } from '../targets/systemd/unit-file/shape.ts';

/** Of a processor. What is far too much is given up long before. */
const MOST_MS = 1000;

function locate(shape: Omit<Shape, 'name'>) {
  const { sources } = sourcesOf({ name: '', ...shape });
  const before = process.cpuUsage();
  const location = locateWorkers(sources);
  const { user, system } = process.cpuUsage(before);
  assert.ok(user + system < MOST_MS * 1000, `${(user + system) / 1000} ms`);
  return location;
}

describe('what grows when it is expanded is given up', () => {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
  const doubling = [...letters].map(
    (name, at) => `${name}="$${letters[at - 1]}$${letters[at - 1]}"`,
  );
  const large = 'x'.repeat(100_000);
  const rows: Record<string, Omit<Shape, 'name'>> = {
    'variables of a script that double each time': {
      exec: `/bin/sh -c 'A=aaaaaaaaaaaaaaaaaaaa; ${doubling.slice(1).join('; ')}; gunicorn -w $Z'`,
    },
    'the same in an environment file and a script of it': {
      exec: '/bin/sh -c "${X}"',
      envFiles: {
        '/srv/env': `X='${doubling.slice(1).join(';').replaceAll('"', '')}; gunicorn $Z'\nA=${'a '.repeat(50)}\n`,
      },
    },
    'a large variable in each word': {
      exec: `/usr/bin/gunicorn ${'-e ${A} '.repeat(1000)} app`,
      envFiles: { '/srv/env': `A=${large}\n` },
    },
    'a large variable many times in a word': {
      exec: `/usr/bin/gunicorn -n ${'${A}'.repeat(1000)} app`,
      envFiles: { '/srv/env': `A=${large}\n` },
    },
    'words of a variable, many times': {
      exec: `/usr/bin/gunicorn ${'$A '.repeat(1000)} app`,
      envFiles: { '/srv/env': `A=${'-w 3 '.repeat(1000)}\n` },
    },
    'all parameters, many times': {
      exec: `/bin/sh -c 'gunicorn ${'"$$@" '.repeat(2000)}' sh ${'a '.repeat(2000)}`,
    },
    specifiers: { exec: `/usr/bin/gunicorn ${'%n%n%n%n '.repeat(8000)} app` },
    'defaults of a shell that hold one another': {
      exec: `/bin/sh -c 'gunicorn -w ${'$${A:-'.repeat(7)}${large}${'}'.repeat(7)}'`,
    },
    'a script in a variable that is run again and again': {
      exec: `/bin/sh -c '${'sh -c "$$A"; '.repeat(500)}'`,
      envFiles: { '/srv/env': `A='${'true; '.repeat(2000)}'\n` },
    },
    'variables that are copied for each command': {
      exec: `/bin/sh -c '${'A=1 true; '.repeat(2000)} gunicorn'`,
      envFiles: { '/srv/env': Array.from({ length: 8000 }, (_, at) => `V${at}=1\n`).join('') },
    },
    'variables that are taken away one by one': {
      exec: `/usr/bin/env ${'-u A '.repeat(4000)} gunicorn -w 2 app`,
      envFiles: { '/srv/env': Array.from({ length: 8000 }, (_, at) => `V${at}=1\n`).join('') },
    },
    'more lines than a unit has': { text: `[Service]\n${'Environment=A=1\n'.repeat(10_000)}` },
    'more variables than anybody sets': {
      exec: '/usr/bin/gunicorn app',
      envFiles: { '/srv/env': 'A=1\n'.repeat(10_000) },
    },
    'more words than a command has': { exec: `/usr/bin/gunicorn ${'-R '.repeat(10_000)} app` },
    'files that are large together': {
      exec: '/usr/bin/gunicorn app',
      envFiles: Object.fromEntries(
        Array.from({ length: 6 }, (_, at) => [`/srv/${at}`, `A=${large}\n`]),
      ),
    },
  };
  for (const [what, shape] of Object.entries(rows)) {
    test(what, () => {
      const location = locate(shape);
      assert.ok(location.how === 'refused', JSON.stringify(location).slice(0, 300));
      assert.deepEqual(
        [location.code, location.message],
        [
          'unreadable',
          'web.service: its files, or its variables once expanded, exceed the limits for a unit',
        ],
      );
    });
  }
});

describe('what is deep is not followed to the end', () => {
  test('shells within shells, a thousand', () => {
    const location = locate({ exec: `${'/bin/sh -c "$$@" sh '.repeat(1000)} gunicorn -w 2` });
    assert.equal(location.how, 'refused');
  });

  test('scripts within scripts, each in the quotes of the one around it', () => {
    let script = 'gunicorn -w 2';
    for (let depth = 0; depth < 12; depth++) {
      script = `sh -c "${script.replaceAll(/["\\$]/g, '\\$&')}"`;
    }
    const location = locate({ exec: '/bin/sh -c "${X}"', envFiles: { '/e': `X='${script}'` } });
    assert.equal(location.how, 'refused');
  });

  test('wrappers within wrappers, ten thousand', () => {
    assert.equal(locate({ exec: `${'/usr/bin/env '.repeat(8000)} gunicorn -w 2` }).how, 'refused');
  });
});

describe('what a fuzz has found', () => {
  for (const script of ['\\', 'gunicorn \\', 'gunicorn -w 2 "\\', 'A=\\', '> \\', '${A:-\\']) {
    test(`a script that ends in a backslash: ${script}`, () => {
      locate({ exec: '/bin/sh -c "${X}"', envFiles: { '/srv/env': `X='${script}'\n` } });
    });
  }
});

test('what a refusal quotes of a file is cut', () => {
  const location = locate({ exec: `/usr/bin/gunicorn --workers '${'x'.repeat(10_000)}' app` });
  assert.ok(
    location.how === 'refused' && location.message.length === 500,
    JSON.stringify(location),
  );
  assert.match(location.message, /^\S+:5: expected a number for --workers, found .*…$/);
});
