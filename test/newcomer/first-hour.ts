import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import '../lab/alone.ts';
import type { CheckDocument } from '../../src/commands/check/report.ts';
import { httpLoad } from '../lab/http-load.ts';
import { CHECKOUT, startLab, type Lab } from '../lab/lab.ts';
import { typeAt } from '../lab/typing.ts';
import { SITES, countWorkers, furnish } from './host.ts';

/**
 * The way of somebody who has the README and a host with eight sites and two Celery services, timed: the package is
 * built and installed, then the four commands, then load on one of the sites. `scripts/test/debian13.sh
 * test/newcomer/first-hour.ts`; NEWCOMER_EVERY=30s for another interval of the timer. It says what each step shows, and
 * how long it took. The durations are those that `init` proposes, so it takes minutes, and is no part of `npm test`.
 */
const every = process.env['NEWCOMER_EVERY'];
const INTERVAL_S = every === undefined ? 120 : Number(/^(\d+)s$/.exec(every)?.[1]);
/** what `init` proposes for a raise */
const DURATION_S = 120;
/** the site that gets load, and the number of requests that are always under way there */
const BUSY = 'blog';
const CLIENTS = 6;

interface Change {
  at: string;
  kind: string;
  service: string;
  from: number;
  to: number;
  result: string;
  reason: string;
}

describe('the first hour', { timeout: 1_200_000 }, () => {
  let lab: Lab;
  const begin = performance.now();
  const tell = (what: string) => {
    const seconds = ((performance.now() - begin) / 1000).toFixed(1);
    process.stdout.write(`── ${seconds.padStart(6)} s  ${what.trimEnd()}\n`);
  };
  /** What somebody types, and sees. */
  const type = async (command: string): Promise<string> => {
    const shown = await lab.ok(`exec 2>&1; ${command}`, { timeoutMs: 120_000 });
    tell(`# ${command}\n${shown}`);
    return shown;
  };
  const readChanges = async (): Promise<Change[]> => {
    const lines = (await lab.readFile('/var/lib/autoscaler/history.jsonl')).trim().split('\n');
    return lines.map((line) => JSON.parse(line) as Change).filter(({ kind }) => kind === 'action');
  };

  before(async () => {
    lab = await startLab();
    await furnish(lab);
  });
  after(() => lab.stop());

  test('the package is built and installed; nothing is started', async () => {
    tell('npm run deb');
    execFileSync('npm', ['run', '--silent', 'deb'], { cwd: CHECKOUT, stdio: 'inherit' });
    const built = readdirSync(join(CHECKOUT, 'dist')).find((name) => name.endsWith('.deb'));
    assert.ok(built !== undefined);
    const said = await type(`apt-get install -y ${join(CHECKOUT, 'dist', built)}`);
    assert.match(said, /sudo autoscaler init/);
    assert.match(await lab.ok('systemctl is-enabled autoscaler.timer || true'), /^disabled$/m);
    assert.match(await type('autoscaler status'), /example/);
  });

  test('init finds all ten and asks which to enable; check has no error, a dry run changes nothing', async () => {
    const { exitCode, stdout } = await typeAt(
      lab,
      ['autoscaler', 'init'],
      [
        ['Which', 'a'],
        ['◼', '\r'],
        ['Write', 'y'],
      ],
    );
    tell(`# autoscaler init\n${stdout}`);
    assert.equal(exitCode, 0);
    await type('cat /etc/autoscaler/config.json');
    await type('autoscaler check');
    const { findings } = JSON.parse(await lab.ok('autoscaler check --json')) as CheckDocument;
    const severe = findings.filter(({ severity }) => severity !== 'info');
    assert.deepEqual(
      severe.map(({ code }) => code),
      ['timer_off'],
    );
    const before = await countWorkers(lab);
    await type('autoscaler run --dry-run');
    assert.deepEqual(await countWorkers(lab), before);
  });

  test('with the timer on, load on one site raises that one within its duration and an interval, and no other', async () => {
    if (every !== undefined) await type(`autoscaler timer --every ${every}`);
    await type('systemctl enable --now autoscaler.timer');
    const before = await countWorkers(lab);
    const since = Date.now();
    const port = SITES[BUSY]!.port;
    const load = httpLoad(lab, {
      url: `http://127.0.0.1:${port}/sleep?ms=200`,
      connections: CLIENTS,
      seconds: DURATION_S + 3 * INTERVAL_S + 60,
    });
    const change = await lab.until(async () => (await readChanges())[0], {
      what: 'the first change',
      timeoutMs: (DURATION_S + 3 * INTERVAL_S) * 1000,
      everyMs: 1000,
    });
    const afterS = (Date.parse(change.at) - since) / 1000;
    await type('autoscaler status');
    await type(`autoscaler explain ${BUSY}`);
    load.stop();
    const { requests, failed } = await load.done;
    tell(
      `${change.service} ${change.from} → ${change.to} after ${afterS.toFixed(0)} s of load: ${change.reason}`,
    );
    tell(`${requests} requests, ${failed} failed`);
    assert.equal(change.service, `${BUSY}.service`);
    assert.equal(change.result, 'applied');
    assert.ok(change.to > change.from);
    // a run itself takes some seconds, of which the systemd of the host may add one
    assert.ok(afterS <= DURATION_S + INTERVAL_S + 10, `${afterS} s`);
    assert.equal(failed, 0);
    assert.equal((await readChanges()).length, 1);
    for (const [name, was] of before) {
      const is = (await countWorkers(lab)).get(name);
      if (name !== BUSY) assert.equal(is, was, name);
      else assert.equal(is, was.replace(/: \d+/, `: ${change.to}`));
    }
    await type('journalctl -u autoscaler --no-pager -o cat');
    const warnings = await type('journalctl -u autoscaler -p warning --no-pager -o cat -q');
    assert.equal(warnings, '');
  });
});
