import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { StatusReport } from '../../../src/commands/status/types.ts';
import { assertDocumented } from '../../docs/json-schemas.ts';
import { autoscaler, MAIN } from '../built.ts';
import { makeFolder, recordHost, windowNow } from '../recorded-host.ts';

let folder: string;
beforeEach(() => {
  folder = makeFolder();
});
afterEach(() => rmSync(folder, { recursive: true }));

const status = (config: string, ...args: string[]) =>
  autoscaler(['--config', config, 'status', ...args]);

describe('status', () => {
  test('decides from what was recorded, and measures nothing', () => {
    const { config } = recordHost(folder, { cpu: [50, 50, 90, 90] });
    const { code, stdout } = status(config, '--json');
    assert.equal(code, 0);
    const { v, services, last_sample, last_day } = assertDocumented(
      'status',
      stdout,
    ) as StatusReport;
    assert.equal(v, 2);
    assert.equal(services[0]?.hold, 'duration');
    const streak = { metric: 'cpu', direction: 'up', workers: 4, held_s: 240, needed_s: 360 };
    assert.deepEqual(services[0].streak, streak);
    assert.ok(last_sample !== null && last_sample.age_s >= 48 && last_sample.age_s < 80);
    assert.equal(last_day.runs, 4);
  });

  test('counts a change of the last run for what it is', () => {
    const { config } = recordHost(folder, {
      ...{ cpu: [90, 90, 90, 90, 90], workers: [2, 2, 2, 2, 3] },
      change: { to: 3, result: 'applied' },
    });
    const { services, last_day } = assertDocumented(
      'status',
      status(config, '--json').stdout,
    ) as StatusReport;
    const [shop] = services;
    assert.deepEqual([shop?.workers, shop?.last_change?.to, last_day.changes.up], [3, 3, 1]);
  });

  test('the limits are those of the window of time that is open now', () => {
    const office = { name: 'office', ...windowNow('open'), min_workers: 3 };
    const { config } = recordHost(folder, { cpu: [50, 50], keys: { schedules: [office] } });
    const { services } = assertDocumented(
      'status',
      status(config, '--json').stdout,
    ) as StatusReport;
    const [shop] = services;
    assert.deepEqual([shop?.min_workers, shop?.schedule, shop?.to], [3, 'office', 3]);
    assert.match(shop?.reason ?? '', /schedule "office" sets 3 to 4 workers → 3 workers$/);
  });

  test('pauses and pins with their end, in what it says of now', () => {
    const { config } = recordHost(folder, { cpu: [50, 50], projects: ['shop', 'mail', 'blog'] });
    const call = (...args: string[]) => autoscaler(['--config', config, ...args]);
    assert.equal(call('pin', 'shop', '2', '--for', '2h').code, 0);
    assert.equal(call('pause', 'mail').code, 0);
    const { stdout } = status(config);
    const row = (project: string): string =>
      new RegExp(`^${project} .*$`, 'm').exec(stdout)?.[0] ?? '';
    assert.match(row('shop'), / pinned to 2 until (?:\d+ \w+ )?\d\d:\d\d$/);
    assert.match(row('mail'), / paused until resumed$/);
    assert.match(row('blog'), / steady$/);
    const { services } = assertDocumented(
      'status',
      status(config, '--json').stdout,
    ) as StatusReport;
    assert.equal(services[0]?.pin?.workers, 2);
    assert.deepEqual(services[1]?.pause, { up: { until: null }, down: { until: null } });
  });

  test('the first sample of a boot foretells nothing, nor does a project that no run has seen', () => {
    const { config } = recordHost(folder, { cpu: [95], isFirst: true });
    assert.match(status(config).stdout, /^shop .* it counts from the next run on$/m);
    const text = readFileSync(config, 'utf8').replace(
      '"shop":',
      '"new": { "max_workers": 2, "cpu_thresholds": { "scale_up_2": 60 } }, "shop":',
    );
    writeFileSync(config, text);
    assert.match(status(config).stdout, /^new .* new: the next run looks at it$/m);
  });

  test('while a metric is missing no lowering is foretold', () => {
    const keys = { service_cpu_thresholds: { scale_up_3: 80, scale_down_1: 30 } };
    const { config } = recordHost(folder, { cpu: [20, 20], keys });
    assert.match(status(config).stdout, /^shop .* service cpu unknown: /m);
  });

  test('without any sample says so, with the command that helps', () => {
    const config = join(folder, 'config.json');
    const global = { state_dir: join(folder, 'none'), backup_dir: join(folder, 'backup') };
    const shop = { max_workers: 2, cpu_thresholds: { scale_up_2: 80 } };
    writeFileSync(config, JSON.stringify({ projects: { shop }, global }), { mode: 0o644 });
    const { code, stdout } = status(config);
    assert.equal(code, 0);
    assert.match(stdout, /nothing recorded yet; make a first run: sudo autoscaler run/);
    assert.match(stdout, /^shop .*nothing recorded yet$/m);
  });

  test('a history that is torn in the middle is read around, and that is told', () => {
    const { config, stateDir } = recordHost(folder, { cpu: [50, 50] });
    appendFileSync(join(stateDir, 'history.jsonl'), '\0\0\0\n{"v":1,"kind":"sam');
    const { code, stdout } = status(config);
    assert.equal(code, 0);
    assert.match(stdout, /^Note: .*2 lines are not entries/m);
    assert.match(stdout, /^shop +2\/2/m);
  });

  test('in a pipe nothing is cut off and nothing is coloured', () => {
    const { config } = recordHost(folder, { projects: ['shop', 'x'.repeat(29)], cpu: [50, 90] });
    const { stdout } = status(config);
    assert.doesNotMatch(stdout, /\x1b|…/);
  });

  for (const seconds of ['0', 'x', '-1', '1e9']) {
    test(`--watch ${seconds} is wrong usage`, () =>
      assert.equal(status('/none', '--watch', seconds).code, 64));
  }
});

/** Runs a command on a terminal of so many columns, types a key after a time; what it showed, and how it ended. */
function onTerminal(
  columns: number,
  command: string[],
  afterS: number | null,
  key = '\x03',
): string {
  const script = `
import pty, os, sys, time, select, fcntl, termios, struct
columns, after, key, argv = int(sys.argv[1]), float(sys.argv[2]), sys.argv[3], sys.argv[4:]
pid, fd = pty.fork()
if pid == 0:
    time.sleep(0.2)
    os.execvp(argv[0], argv)
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', 12, columns, 0, 0))
begin, typed = time.time(), False
while True:
    ready, _, _ = select.select([fd], [], [], 0.05)
    if ready:
        try: data = os.read(fd, 65536)
        except OSError: break
        if not data: break
        sys.stdout.buffer.write(data)
    if after > 0 and not typed and time.time() - begin > after:
        os.write(fd, key.encode()); typed = True
code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
print('echoes', termios.tcgetattr(fd)[3] & termios.ECHO != 0)
print('ended', code)`;
  const args = ['-c', script, String(columns), String(afterS ?? 0), key, ...command];
  const env = { PATH: process.env['PATH'], TERM: 'xterm', LC_ALL: 'C.UTF-8' };
  return spawnSync('/usr/bin/python3', args, { encoding: 'utf8', timeout: 30_000, env }).stdout;
}

describe('status on a terminal', () => {
  for (const key of ['q', 'Q', '\x1b']) {
    test(`${JSON.stringify(key)} leaves --watch, and the terminal is as it was`, () => {
      const { config } = recordHost(folder, { cpu: [50, 90] });
      const command = [process.execPath, MAIN, '--config', config, 'status', '--watch', '60'];
      const shown = onTerminal(100, command, 4, key);
      assert.match(shown, /q quits/);
      assert.match(shown, /\nechoes True\s+ended 0\s*$/);
      // the last look stays, without the line about the key
      const left = shown.slice(shown.lastIndexOf('\x1b[?1049l'));
      assert.match(left, /^.*timer [^]*shop +2\/2/);
      assert.doesNotMatch(left, /q quits/);
    });
  }

  test('--watch shows it in place again and again, and Ctrl-C ends it cleanly', () => {
    const { config } = recordHost(folder, { cpu: [50, 90] });
    const command = [process.execPath, MAIN, '--config', config, 'status', '--watch', '0.5'];
    const shown = onTerminal(100, command, 4);
    assert.ok(shown.split('\x1b[H').length >= 3, shown.slice(0, 300));
    // the screen before comes back, with the last look on it, and the cursor
    const left = shown.slice(shown.lastIndexOf('\x1b[?25h'));
    assert.match(left, /\x1b\[\?1049l[^]*shop +2\/2/);
    assert.match(shown, /ended 130\s*$/);
  });

  test('what the window has no room for is told', () => {
    const projects = Array.from({ length: 50 }, (_, index) => `shop-${index}`);
    const { config } = recordHost(folder, { projects, cpu: [50, 90] });
    const command = [process.execPath, MAIN, '--config', config, 'status', '--watch', '0.5'];
    assert.match(onTerminal(100, command, 3), /… \d+ more lines/);
  });

  test('colours, and lines that fit', () => {
    const { config } = recordHost(folder, { cpu: [50, 90] });
    const command = [process.execPath, MAIN, '--config', config, 'status'];
    const shown = onTerminal(60, command, null);
    assert.match(shown, /\x1b\[36m/);
    for (const line of shown.split('\r\n')) {
      assert.ok([...line.replace(/\x1b\[\d+m/g, '')].length <= 60, line);
    }
  });
});

test('a state folder that others may write to is not believed', () => {
  const { config, stateDir } = recordHost(folder, { cpu: [50, 90] });
  spawnSync('chmod', ['0777', stateDir]);
  const { code, stderr } = status(config);
  assert.equal(code, process.getuid?.() === 0 ? 77 : 0);
  if (code === 77) assert.match(stderr, /writable by root alone/);
});
