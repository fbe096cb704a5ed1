import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { after, afterEach, before, describe, test } from 'node:test';
import type { RunReport } from '../../src/commands/run/run-report.ts';
import { startLab, type Lab } from '../lab/lab.ts';
import type { Running } from '../lab/running.ts';
import { gunicornUnit } from '../lab/services.ts';

const UNITS = '/etc/systemd/system';
const CHANGES = '/var/backups/autoscaler/changes';
const HISTORY = '/var/lib/autoscaler/history.jsonl';
/** As long as it says so, the applications of the slow ones hang while they load. */
const HANG = '/run/hang';

const SLOW = ['slow1', 'slow2', 'slow3', 'slow4', 'slow5', 'slow6', 'slow7', 'slow8'];
const GOOD = ['good1', 'good2', 'good3', 'good4', 'good5', 'good6'];
/** The second one is restarted with the first. */
const RELATED = ['lead', 'tail'];

interface Action {
  service: string;
  from: number;
  to: number;
  result: string;
  change: string;
}

describe('changes side by side', { timeout: 600_000 }, () => {
  let lab: Lab;
  let running: Running | null = null;

  before(async () => {
    lab = await startLab();
    for (const [index, name] of [...SLOW, ...GOOD, ...RELATED].entries()) {
      const hang = SLOW.includes(name) ? { WEB_HANG_WHILE: `${HANG} yes` } : {};
      const unit = gunicornUnit({
        ...{ count: '--workers 1', bind: `127.0.0.1:${8001 + index}`, env: hang },
        // Gunicorn itself ends workers that load longer than that
        args: '--timeout 300',
      });
      const part =
        name === 'tail' ? unit.replace('[Unit]\n', '[Unit]\nPartOf=lead.service\n') : unit;
      await lab.writeFile(`${UNITS}/${name}.service`, part);
    }
    await setHang('no');
    const all = [...SLOW, ...GOOD, ...RELATED].join(' ');
    await lab.ok(`systemctl daemon-reload; systemctl start ${all}`, { timeoutMs: 120_000 });
  });

  afterEach(async () => {
    running?.kill('SIGKILL');
    await running?.done;
  });

  after(() => lab.stop());

  const setHang = (how: 'no' | 'yes' | 'yes, and compute') => lab.writeFile(HANG, how);

  /** Each of these projects is to have exactly so many workers. */
  async function configure(
    workers: Record<string, number>,
    apply = 'restart',
    global = {},
  ): Promise<void> {
    const projects = Object.entries(workers).map(([name, count]): [string, object] => [
      name,
      {
        ...{ min_workers: count, max_workers: count, apply },
        cpu_thresholds: { [`scale_${count > 1 ? 'up' : 'down'}_${count}`]: count > 1 ? 99.9 : 0.1 },
      },
    ]);
    const text = JSON.stringify({ projects: Object.fromEntries(projects), global });
    await lab.writeFile('/etc/autoscaler/config.json', text);
  }

  const each = (names: string[], count: number): Record<string, number> =>
    Object.fromEntries(names.map((name) => [name, count]));

  function startRun(): Running {
    running = lab.spawn([...lab.autoscalerArgv, 'run', '--json'], { timeoutMs: 400_000 });
    running.stdin.end();
    return running;
  }

  const readUnit = (name: string) => readFileSync(lab.path(`${UNITS}/${name}.service`), 'utf8');

  function listPending(): string[] {
    const path = lab.path(CHANGES);
    if (!existsSync(path)) return [];
    return readdirSync(path)
      .filter((name) => name.endsWith('.pending'))
      .map((name) => name.replace(/^\d+-(.*)\.service\.pending$/, '$1'))
      .sort();
  }

  function readActions(): Action[] {
    const path = lab.path(HISTORY);
    if (!existsSync(path)) return [];
    const lines = readFileSync(path, 'utf8').trim().split('\n');
    return lines
      .map((line) => JSON.parse(line) as Action & { kind: string })
      .filter(({ kind }) => kind === 'action');
  }

  /** Waits until each of these has come to its end that often; answers after how many seconds. */
  async function untilApplied(names: string[], before: Action[], sinceMs: number): Promise<number> {
    const known = new Set(before.map(({ change }) => change));
    await lab.until(
      () => {
        const fresh = readActions().filter(({ change }) => !known.has(change));
        return names.every((name) =>
          fresh.some(
            ({ service, result }) => service === `${name}.service` && result === 'applied',
          ),
        );
      },
      { what: `changes of ${names.join(', ')}`, timeoutMs: 100_000, everyMs: 200 },
    );
    return (performance.now() - sinceMs) / 1000;
  }

  async function assertRuns(names: string[], workers: number): Promise<void> {
    for (const name of names) {
      assert.match(readUnit(name), new RegExp(`--workers ${workers} `), name);
      const count = await lab.ok(`pgrep -c -P $(systemctl show -P MainPID ${name}) || true`);
      assert.equal(count.trim(), String(workers), name);
    }
  }

  /** On a slow machine a change is overtaken by others, so it may be more than four; how many, test/act/side-by-side says. */
  function assertBeside(most: number): void {
    assert.ok(most > 1 && most <= 16, `${most} at once`);
  }

  /** One line of the history for each change in the journal, and numbers that are each given once. */
  function assertNotedOnce(): void {
    const ended = readdirSync(lab.path(CHANGES)).filter((name) => !name.includes('.pending'));
    const noted = readActions().map(({ change }) => change);
    assert.deepEqual(noted.sort(), ended.sort());
    const numbers = ended.map((name) => Number.parseInt(name, 10));
    assert.equal(new Set(numbers).size, numbers.length, 'a number for each change');
  }

  test('one that hangs while it loads, first in the config, delays nobody; a stop takes it back', async (t) => {
    const earlier = readActions();
    await setHang('yes');
    await configure({ slow1: 2, ...each(GOOD, 2) });
    const sinceMs = performance.now();
    const run = startRun();
    const seconds = await untilApplied(GOOD, earlier, sinceMs);
    t.diagnostic(`one hangs: the six others were changed after ${seconds.toFixed(1)} s`);
    assert.ok(seconds < 150, `${seconds} s`);
    assert.deepEqual(listPending(), ['slow1']);
    run.kill('SIGTERM');
    // on its way back it may load again
    await lab.until(() => /workers 1 /.test(readUnit('slow1')), {
      what: 'the number to go back',
      timeoutMs: 60_000,
    });
    await setHang('no');
    const stopMs = performance.now();
    const { exitCode, stderr } = await run.done;
    assert.equal(exitCode, 143, stderr);
    assert.ok(performance.now() - stopMs < 200_000);
    assert.deepEqual(listPending(), []);
    await assertRuns(GOOD, 2);
    await assertRuns(['slow1'], 1);
    const last = readActions().at(-1);
    assert.deepEqual([last?.service, last?.result], ['slow1.service', 'undone']);
    assertNotedOnce();
  });

  test('eight that hang: the others are served; killed, the next run goes on with all, and serves the others', async (t) => {
    const before = readActions();
    await setHang('yes');
    await configure({ ...each(SLOW, 2), ...each(GOOD, 3) });
    // their last change failed: they would come last
    await lab.ok(`rm -f /var/lib/autoscaler/history.jsonl`);
    const sinceMs = performance.now();
    const first = startRun();
    const seconds = await untilApplied(GOOD, before, sinceMs);
    t.diagnostic(`eight hang: the six others were changed after ${seconds.toFixed(1)} s`);
    assert.ok(seconds < 150, `${seconds} s`);
    assert.deepEqual(listPending(), SLOW);
    first.kill('SIGKILL');
    await first.done;

    await configure({ ...each(SLOW, 2), ...each(GOOD, 2) });
    const again = performance.now();
    const second = startRun();
    const secondsAgain = await untilApplied(GOOD, readActions(), again);
    t.diagnostic(
      `eight hang in the recovery: others were changed after ${secondsAgain.toFixed(1)} s`,
    );
    assert.ok(secondsAgain < 150, `${secondsAgain} s`);
    await setHang('no');
    const { exitCode, stdout, stderr } = await second.done;
    assert.equal(exitCode, 0, stdout + stderr);
    assert.equal(stderr.match(/"event":"recovered".*"result":"applied"/g)?.length, SLOW.length);
    const { services } = JSON.parse(stdout) as RunReport;
    assert.deepEqual(
      services.map(({ project }) => project),
      [...SLOW, ...GOOD],
      'in the order of the config',
    );
    assert.deepEqual(listPending(), []);
    await assertRuns(SLOW, 2);
    await assertRuns(GOOD, 2);
  });

  test('four that compute for ever while they load: the others are served; the run that is stopped undoes all', async (t) => {
    await lab.ok(`rm -rf /var/lib/autoscaler ${CHANGES}`);
    const four = SLOW.slice(0, 4);
    await setHang('yes, and compute');
    await configure({ ...each(four, 3), ...each(GOOD, 3) });
    const sinceMs = performance.now();
    const run = startRun();
    const seconds = await untilApplied(GOOD, [], sinceMs);
    t.diagnostic(`four compute: the six others were changed after ${seconds.toFixed(1)} s`);
    assert.ok(seconds < 150, `${seconds} s`);
    run.kill('SIGTERM');
    await lab.until(() => four.every((name) => /workers 2 /.test(readUnit(name))), {
      ...{ what: 'the numbers to go back', timeoutMs: 60_000 },
    });
    await setHang('no');
    assert.equal((await run.done).exitCode, 143);
    // on a slow machine the new workers may not serve yet when the run ends: then the next one goes on
    await lab.writeFile('/etc/autoscaler/config.json', '{"projects":{}}');
    await lab.autoscaler(['run']);
    assert.deepEqual(listPending(), []);
    await assertRuns(four, 2);
    await assertRuns(GOOD, 3);
    assertNotedOnce();
  });

  for (const apply of ['restart', 'live']) {
    test(`killed with four changes under way (${apply}): the next run recovers all of them`, async () => {
      await lab.ok(`rm -rf /var/lib/autoscaler ${CHANGES}`);
      await configure(each(GOOD, apply === 'live' ? 1 : 2), apply);
      const first = startRun();
      await lab.until(() => listPending().length >= 4, { what: 'four changes', everyMs: 20 });
      first.kill('SIGKILL');
      await first.done;
      const left = listPending().length;
      assert.ok(left >= 3, `${left} left`);
      // nothing is to be changed: only what was left is brought to an end
      await lab.writeFile('/etc/autoscaler/config.json', '{"projects":{}}');
      const { exitCode, stderr } = await lab.autoscaler(['run']);
      assert.equal(exitCode, 0, stderr);
      assert.equal(stderr.match(/"event":"recovered"/g)?.length, left, stderr);
      assert.deepEqual(listPending(), []);
      assertNotedOnce();
      for (const name of GOOD) {
        await assertRuns([name], Number(/--workers (\d)/.exec(readUnit(name))?.[1]));
      }
    });
  }

  test('a run that has nothing to do but to wait ends after a minute; the next one goes on', async () => {
    await lab.ok(`rm -rf /var/lib/autoscaler ${CHANGES}`);
    await setHang('yes');
    await configure({ slow2: 4 }, 'restart', { check_interval_seconds: 10 });
    const sinceMs = performance.now();
    const first = await startRun().done;
    const seconds = (performance.now() - sinceMs) / 1000;
    assert.ok(seconds > 60 && seconds < 240, `${seconds} s: ${first.stdout}${first.stderr}`);
    assert.equal(first.exitCode, 0, first.stderr);
    const { services } = JSON.parse(first.stdout) as RunReport;
    assert.deepEqual([services[0]?.applied, services[0]?.error], [false, null]);
    assert.match(services[0]?.reason ?? '', /it does not serve yet; the next run continues/);
    assert.deepEqual(listPending(), ['slow2']);
    await setHang('no');
    const { exitCode, stderr } = await startRun().done;
    assert.equal(exitCode, 0, stderr);
    assert.match(stderr, /"event":"recovered".*slow2.*"result":"applied"/);
    await assertRuns(['slow2'], 4);
    assertNotedOnce();
  });

  test('what is restarted with another one is changed after it, never at the same time', async () => {
    await lab.ok(`rm -rf /var/lib/autoscaler ${CHANGES}`);
    await configure({ ...each(RELATED, 2), ...each(GOOD, 4) });
    let most = 0;
    const run = startRun();
    let isOver = false;
    void run.done.finally(() => (isOver = true));
    await lab.until(
      () => {
        const pending = listPending();
        most = Math.max(most, pending.length);
        assert.ok(!RELATED.every((name) => pending.includes(name)), pending.join());
        return isOver;
      },
      { what: 'the run to end', timeoutMs: 120_000, everyMs: 50 },
    );
    const { exitCode, stdout, stderr } = await run.done;
    assert.equal(exitCode, 0, stdout + stderr);
    assertBeside(most);
    await assertRuns(RELATED, 2);
    await assertRuns(GOOD, 4);
  });

  test('a rollback of all takes them back side by side', async () => {
    let most = 0;
    const back = lab.spawn([...lab.autoscalerArgv, 'rollback', '--json', '--keep-timer'], {
      timeoutMs: 200_000,
    });
    back.stdin.end();
    let isOver = false;
    void back.done.finally(() => (isOver = true));
    await lab.until(() => ((most = Math.max(most, listPending().length)), isOver), {
      ...{ what: 'the rollback to end', timeoutMs: 200_000, everyMs: 50 },
    });
    const { exitCode, stdout, stderr } = await back.done;
    assert.equal(exitCode, 0, stdout + stderr);
    assertBeside(most);
    assert.deepEqual(listPending(), []);
  });
});
