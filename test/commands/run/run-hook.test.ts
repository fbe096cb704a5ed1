import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import pino from 'pino';
import type { Outcome } from '../../../src/act/types.ts';
import { noteEvent, reportEvents } from '../../../src/commands/shared/events.ts';
import { runHook } from '../../../src/commands/run/run-hook.ts';
import { globalSchema } from '../../../src/config/schema/schema.ts';

const folder = mkdtempSync(join(tmpdir(), 'hook-'));
// sticky, as /tmp: other users write there too
chmodSync(folder, 0o1777);
after(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);
const read = (name: string): string => readFileSync(at(name), 'utf8');

describe('a hook', () => {
  test('as a line is for the shell, and gets one line of input', async () => {
    const command = `cat | tr a-z A-Z > ${at('line')}`;
    assert.equal(await runHook({ command, user: null }, '{"a":1}'), null);
    assert.equal(read('line'), '{"A":1}\n');
  });

  test('as words has no shell between', async () => {
    const command = ['/bin/sh', '-c', 'printf %s "$0" > "$1"', '$HOME;a b', at('words')];
    assert.equal(await runHook({ command, user: null }, ''), null);
    assert.equal(read('words'), '$HOME;a b');
  });

  test('runs as another user without any group of ours, in an environment of its own', async () => {
    const command = `{ id -un; id -G; env | cut -d= -f1 | sort | tr '\\n' ' '; pwd; } > ${at('who')}`;
    process.env['A_SECRET'] = 'x';
    assert.equal(await runHook({ command, user: 'nobody' }, ''), null);
    delete process.env['A_SECRET'];
    const [name, groups, rest] = read('who').split('\n');
    assert.deepEqual([name, groups], ['nobody', '65534']);
    assert.match(rest!, /^(?:HOME|LANG|LOGNAME|OLDPWD|PATH|PWD|SHLVL|USER|_| )+\/$/);
  });

  const faults: [name: string, command: string | string[], user: string | null, says: RegExp][] = [
    [
      'that fails says why in its last line',
      'echo no >&2; echo way >&2; exit 3',
      null,
      /^exit code 3: way$/,
    ],
    ['that is not there', ['/nonexistent'], null, /ENOENT/],
    ['of a user who is not there', 'true', 'nobody-at-all', /there is no user nobody-at-all/],
    ['that is killed', 'kill -9 $$', null, /killed by SIGKILL/],
  ];
  for (const [name, command, user, says] of faults) {
    test(name, async () => assert.match((await runHook({ command, user }, 'x')) ?? '', says));
  }

  test('of somebody else is not run as root, nor by an interpreter of root’s', async () => {
    const script = at('hers.sh');
    writeFileSync(script, `#!/bin/sh\ntouch ${at('root')}\n`, { mode: 0o755 });
    chownSync(script, 1000, 1000);
    for (const command of [[script], script, `${script} now; true`, ['/bin/sh', '-e', script]]) {
      assert.match(
        (await runHook({ command, user: null }, '')) ?? '',
        /hers\.sh: it belongs to user 1000, and whoever can write it could become root; set "on_event_user"/,
      );
    }
    assert.equal(existsSync(at('root')), false);
    assert.equal(await runHook({ command: [script], user: 'nobody' }, ''), null);
  });

  test('has no word on our terminal: what it says is made one line of visible characters', async () => {
    const command = String.raw`printf 'a\033[31mb\033]0;title\007c\rd' >&2; exit 1`;
    assert.equal(await runHook({ command, user: null }, 'x'), 'exit code 1: abc d');
    const much = `yes | tr -d '\n' | head -c 5000000 >&2; exit 1`;
    assert.equal(
      (await runHook({ command: much, user: null }, 'x'))?.length,
      'exit code 1: '.length + 300,
    );
  });

  test('of another user is looked up without our environment', async () => {
    const own = at('bin');
    mkdirSync(own);
    writeFileSync(join(own, 'getent'), `#!/bin/sh\ntouch ${at('evil')}\necho nobody:x:0:0::/:\n`);
    chmodSync(join(own, 'getent'), 0o755);
    const before = process.env['PATH'];
    process.env['PATH'] = `${own}:${before}`;
    try {
      assert.equal(await runHook({ command: `id -u > ${at('uid')}`, user: 'nobody' }, ''), null);
    } finally {
      process.env['PATH'] = before;
    }
    assert.deepEqual([read('uid'), existsSync(at('evil'))], ['65534\n', false]);
  });

  test('that takes too long is ended, with what it has started, also where it does not listen', async () => {
    const command = `trap '' TERM; (trap '' TERM; sleep 2; touch ${at('late')}) & sleep 30`;
    const fault = await runHook({ command, user: null }, 'x', 200);
    assert.equal(fault, 'still running after 0.2 s, so it was killed');
    await new Promise((resolve) => setTimeout(resolve, 1500));
    assert.equal(existsSync(at('late')), false);
  });

  test('that does not read its input, however much, has not failed', async () => {
    assert.equal(await runHook({ command: 'exit 0', user: null }, 'x'.repeat(1e6)), null);
  });
});

describe('events', () => {
  const outcome = (fields: Partial<Outcome>): Outcome => ({
    ...{ service: 'shop.service', project: 'shop', action: 'scale_up', from: 2, to: 3 },
    ...{
      result: 'applied',
      sentence: 'done',
      hint: null,
      changeId: null,
      running: 3,
      reason: 'cpu',
    },
    ...fields,
  });
  const table: [name: string, fields: Partial<Outcome>, as: string | null, told: string | null][] =
    [
      ['a change that was made has the name of its action', {}, null, 'scale_up'],
      ['a rollback too', { action: 'rollback' }, null, 'rollback'],
      ['one that was taken back', { result: 'undone' }, null, 'undone'],
      ['one that could not be', { result: 'failed' }, null, 'failed'],
      ['one that a run before had left', { result: 'undone' }, 'recovered', 'recovered'],
      ['one that goes on is not told yet', { result: 'draining' }, null, null],
      ['one that touched nothing is not told', { result: 'refused' }, null, null],
      ['drift that was healed is not told', { action: 'heal' }, null, null],
      ['drift that could not be healed is', { action: 'heal', result: 'failed' }, null, 'failed'],
    ];
  for (const [index, [name, fields, as, told]] of table.entries()) {
    test(name, async () => {
      const log = pino({ level: 'silent' });
      const given = outcome(fields);
      noteEvent(log, given, as ?? given.action);
      const file = at(`event-${index}`);
      await reportEvents(log, globalSchema.parse({ on_event: ['tee', file] }));
      if (told === null) assert.equal(existsSync(file), false);
      else {
        const event = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
        const { at: when, host, ...rest } = event;
        assert.ok(Date.parse(String(when)) > 0 && typeof host === 'string');
        const { service, project, action, from, to, result, reason } = given;
        const same = { service, project, action, from, to, result, reason };
        assert.deepEqual(rest, { v: 1, event: told, message: 'done', ...same });
      }
    });
  }

  test('a hook that fails is an error in the log, and the next event is told all the same', async () => {
    const lines: string[] = [];
    const log = pino({}, { write: (line: string) => void lines.push(line) });
    noteEvent(log, outcome({}), 'scale_up');
    noteEvent(log, outcome({ service: 'b.service' }), 'scale_up');
    await reportEvents(log, globalSchema.parse({ on_event: `cat >> ${at('both')}; exit 1` }));
    assert.equal(read('both').trim().split('\n').length, 2);
    assert.equal(lines.filter((line) => line.includes('"event":"on_event"')).length, 2);
    assert.match(lines[1]!, /b\.service: the hook for scale_up failed: exit code 1/);
  });
});
