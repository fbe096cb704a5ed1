import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { autoscaler, type Ended } from '../built.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'controls-'));
  const shop = { max_workers: 4, cpu_thresholds: { scale_up_3: 70 } };
  const projects = { shop, tasks: { ...shop, service_name: 'celery-tasks', enabled: false } };
  const global = { state_dir: join(folder, 'state'), log_file: join(folder, 'log') };
  writeFileSync(join(folder, 'c.json'), JSON.stringify({ projects, global }));
});
afterEach(() => rmSync(folder, { recursive: true }));

const call = (...args: string[]): Ended =>
  autoscaler(['--config', join(folder, 'c.json'), ...args]);

const stateFile = (): string => join(folder, 'state/controls.json');

interface Controls {
  pauses: { project: string | null; only: string | null; since: string; until: string | null }[];
  pins: { service: string; workers: number }[];
}

const readState = (): Controls => JSON.parse(readFileSync(stateFile(), 'utf8')) as Controls;

describe('pause, resume, pin and unpin', () => {
  test('are kept in the state folder, with their end, and told in the log file', () => {
    const { code, stdout, stderr } = call('pause', 'shop', '--for', '2h');
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^shop: paused until \S+ \d\d:\d\d UTC \(2 h\)/);
    assert.equal(statSync(stateFile()).mode & 0o777, 0o640);
    const [pause] = readState().pauses;
    assert.equal(Date.parse(pause!.until!) - Date.parse(pause!.since), 7_200_000);
    assert.match(readFileSync(join(folder, 'log'), 'utf8'), /"event":"pause".*shop: paused until/);
  });

  test('that are refused, or cannot be noted in the log file, leave nothing behind', () => {
    for (const args of [
      ['pause', 'none'],
      ['pin', 'shop', '9'],
    ]) {
      assert.equal(call(...args).code, 64);
      assert.equal(existsSync(join(folder, 'state')), false);
    }
    mkdirSync(join(folder, 'log'));
    assert.equal(call('pause').code, 78);
    assert.equal(existsSync(stateFile()), false);
  });

  test('a pause takes the place of one of the same projects and direction, and of no other', () => {
    for (const args of [['shop'], [], ['--only', 'up'], ['--only', 'down'], ['--only', 'up']]) {
      assert.equal(call('pause', ...args).code, 0);
    }
    const all = readState().pauses.map(({ project, only }) => [project, only]);
    assert.deepEqual(all, [
      ['shop', null],
      [null, 'down'],
      [null, 'up'],
    ]);
  });

  test('a project stays paused while all are, which an attempt to resume it says', () => {
    call('pause');
    const { code, stderr } = call('resume', 'shop');
    assert.equal(code, 1);
    assert.match(stderr, /all projects are paused, this one included/);
    assert.match(call('resume').stdout, /^all projects: resumed\n$/);
    assert.match(call('resume').stdout, /^all projects: not paused\n$/);
  });

  test('a pin is by unit or by project, the last one counts, and a pause does not end it', () => {
    assert.match(
      call('pin', 'celery-tasks.service', '3').stdout,
      /tasks is disabled in the config/,
    );
    call('pin', 'tasks', '2');
    assert.match(call('resume').stdout, /celery-tasks.service stays pinned to 2/);
    const { pins } = JSON.parse(call('pin', 'shop', '4', '--json').stdout) as Controls;
    assert.deepEqual(
      pins.map(({ service, workers }) => [service, workers]),
      [
        ['celery-tasks.service', 2],
        ['shop.service', 4],
      ],
    );
    assert.match(call('unpin', 'tasks').stdout, /no longer pinned to 2/);
    assert.match(call('unpin', 'tasks').stdout, /not pinned/);
    assert.equal(readState().pins.length, 1);
    call('unpin');
    assert.equal(readState().pins.length, 0);
  });

  const wrong: [args: string[], code: number, says: RegExp][] = [
    [['pause', 'shopp'], 64, /Did you mean shop\?/],
    [['pin', 'shop', '5'], 64, /may have 1 to 4 workers, not 5/],
    [['pause', '--for', '30'], 64, /duration with its unit/],
    [['pause', '--only', 'left'], 64, /up, down/],
  ];
  for (const [args, expected, says] of wrong) {
    test(`${args.join(' ')} is refused`, () => {
      const { code, stderr } = call(...args);
      assert.equal(code, expected);
      assert.match(stderr, says);
    });
  }

  test('a damaged file is told and left as it is', () => {
    call('pause');
    writeFileSync(stateFile(), '{"v":2}');
    const { code, stderr } = call('resume');
    assert.equal(code, 78);
    assert.match(stderr, /controls.json: expected pauses and pins of version 1, found version 2/);
  });

  test('a deleted state folder is created again, with nothing paused', () => {
    call('pause');
    rmSync(join(folder, 'state'), { recursive: true });
    assert.match(call('resume').stdout, /not paused/);
  });
});
