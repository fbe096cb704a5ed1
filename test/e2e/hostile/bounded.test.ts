import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { Lab } from '../../lab/lab.ts';
import { installUnit } from '../../lab/services.ts';
import * as host from './host.ts';

/** So long may a run take that has one small change to make, on a busy machine. */
const SECONDS = 40;
/** and so much of a processor: this is where work that grows with the square of its input shows */
const MOST_CPU_MS = 5_000;
const MOST_MB = 150;
const MANY = 4 * 2 ** 20;

const USERS = ['alice', 'bob', 'carl', 'dave'];

describe('users who have far too much of something', { timeout: 280_000 }, () => {
  let lab: Lab;

  before(async () => {
    lab = await host.startHost(USERS);
  });
  after(() => lab.stop());
  beforeEach(async () => {
    await host.reset(lab);
    for (const user of USERS) {
      await lab.sh(`systemctl kill -s KILL ${user}; systemctl stop ${user}`);
      await host.writeEnv(lab, user);
    }
  });

  const install = (user: string, of: { execStart?: string; lines?: string[] } = {}) => {
    const lines = ['TimeoutStopSec=5', ...(of.lines ?? [])];
    const unit = host.webUnit({ user, port: 8001 + USERS.indexOf(user), ...of, lines });
    return installUnit(lab, `${user}.service`, unit);
  };
  /** A user's own app does it where it is loaded: see hostile_app.py. */
  const installHostile = (user: string, kind: string) =>
    install(user, {
      execStart: `/usr/bin/gunicorn --bind 127.0.0.1:${8001 + USERS.indexOf(user)} --pythonpath ${host.PROGRAMS} hostile_app:app`,
      lines: [`Environment=HOSTILE=${kind}`, 'TasksMax=infinity', 'LimitNPROC=infinity'],
    });
  const writeLarge = async (user: string, name: string, text: string) => {
    const script = `cat > ~${user}/app/${name}`;
    await lab.exec(['runuser', '-u', user, '--', 'sh', '-c', script], { input: text });
  };

  /** A run ends by itself, costs little, and serves the others; so does every command that looks at the services. */
  async function assertBounded(users: readonly string[]): Promise<void> {
    // first, so that the others come after them
    const more = {
      busy_thresholds: { scale_up_9: 99.9 },
      backlog_thresholds: { scale_up_9: 9999 },
    };
    const stay = { ...host.LIMITS, ...more, min_workers: 1 };
    await host.writeConfig(lab, {
      ...Object.fromEntries(users.map((user) => [user, stay])),
      shop: host.LIMITS,
    });
    const { get, ms, cpuMs, peakMb, stderr } = await host.run(lab, { seconds: SECONDS });
    const cost = `run: ${ms} ms, ${cpuMs} ms of CPU, ${peakMb} MB: ${stderr.slice(0, 2000)}`;
    assert.ok(cpuMs < MOST_CPU_MS && peakMb < MOST_MB, cost);
    host.assertServed(get('shop'));
    const looks = [
      ['check'],
      ['metrics', 'all'],
      ...users.map((user) => ['scale', user, '2', '--dry-run']),
    ];
    for (const args of looks) {
      const look = await host.measured(lab, args, SECONDS);
      const what = `${args.join(' ')}: ${look.ms} ms, ${look.cpuMs} ms of CPU, ${look.peakMb} MB: ${look.stderr.slice(0, 2000)}`;
      assert.ok(!look.isLate && look.cpuMs < MOST_CPU_MS && look.peakMb < MOST_MB, what);
      host.assertNoTrace(look.stdout + look.stderr);
      // nobody reads a screen of 4 MB
      assert.ok(look.stdout.length + look.stderr.length < 200_000, args.join(' '));
    }
  }

  test('processes whose command lines and titles are 2 MB of NULs, brackets, blanks, words', async () => {
    await installHostile('alice', 'titles');
    await lab.until(async () => (await lab.ok('ls /home/alice')).match(/^is-/gm)?.length === 6, {
      what: 'the titles',
    });
    await assertBounded(['alice']);
  });

  test('environment files of 4 MB: lines without a sign, joined lines, quotes, assignments', async () => {
    const shapes = { 1: 'a\n', 2: 'a=b\\\n', 3: `"'`, 4: 'WEB_CONCURRENCY=1\n' };
    const names = Object.keys(shapes);
    await install('alice', {
      lines: names.map((name) => `EnvironmentFile=-/home/alice/app/${name}`),
    });
    for (const [name, unit] of Object.entries(shapes)) {
      await writeLarge('alice', name, unit.repeat(MANY / unit.length));
    }
    await assertBounded(['alice']);
  });

  test('Gunicorn config files of 4 MB: a text that nothing ends, a comment, a text of escapes', async () => {
    const shapes = {
      alice: `"""${'x'.repeat(MANY - 100)}`,
      bob: `#${'x'.repeat(MANY - 100)}`,
      carl: `"${String.raw`\a`.repeat(MANY / 2)}`,
    };
    for (const [user, text] of Object.entries(shapes)) {
      const conf = `/home/${user}/app/conf.py`;
      await host.asUser(lab, user, `touch ${conf}`);
      const port = 8001 + USERS.indexOf(user);
      await install(user, {
        execStart: `/usr/bin/gunicorn --config ${conf} --bind 127.0.0.1:${port} web:app`,
      });
      await writeLarge(user, 'conf.py', `x = 1\n${text}`);
    }
    await assertBounded(Object.keys(shapes));
  });

  test('100,000 files that a pattern stands for, 2000 processes, 300 masters in a chain, a worker with all the files open that it may have', async () => {
    await install('alice', { lines: ['EnvironmentFile=-/home/alice/app/env.*'] });
    await host.asUser(
      lab,
      'alice',
      "cd ~/app; seq -f env.%06g 100000 | xargs -n 5000 sh -c 'for name; do echo A=1 > $name; done' sh",
    );
    await installHostile('bob', 'processes:2000');
    await installHostile('carl', 'chain:300');
    await installHostile('dave', 'files');
    const isThere = async () => {
      const count = async (command: string) => Number((await lab.sh(command)).stdout);
      return (
        (await count('pgrep -c -u bob')) > 2000 &&
        (await count('ls /home/carl | grep -c is-chain')) === 1 &&
        (await count('ls /proc/$(pgrep -n -u dave)/fd | wc -l')) > 3000
      );
    };
    await lab.until(isThere, { what: 'the processes and files' });
    await assertBounded(USERS);
  });

  test('the service has an end to its patience', async () => {
    const timeout = await lab.ok('systemctl show -P TimeoutStartUSec autoscaler.service');
    assert.notEqual(timeout.trim(), 'infinity');
  });
});
