import assert from 'node:assert/strict';
import { statfsSync } from 'node:fs';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { Lab } from '../../lab/lab.ts';
import * as host from './host.ts';

/** So long may a command take that has nothing to wait for, on a busy machine. */
const SECONDS = 20;
const BACKUPS = '/var/backups/autoscaler';
const MOST_MB = 150;

describe('what is no plain file of a sensible size', { timeout: 280_000 }, () => {
  let lab: Lab;

  before(async () => {
    lab = await host.startHost(['alice', 'bob', 'carl', 'dave']);
    await host.writeConfig(lab, {
      // first, so that the others come after it
      alice: { ...host.LIMITS, min_workers: 1 },
      shop: host.LIMITS,
    });
    await host.installForeign(lab, 'alice', 8001);
    await lab.ok('systemctl stop alice');
    // what fills it fills nothing else
    await lab.ok(`mkdir -p ${BACKUPS}; mount -t tmpfs -o size=64m,mode=0700 tmpfs ${BACKUPS}`);
  });
  after(() => lab.stop());
  beforeEach(async () => {
    await lab.writeFile('/etc/systemd/system/shop.service', host.SHOP);
    await lab.ok(`rm -rf /var/lib/autoscaler ${BACKUPS}/*; systemctl daemon-reload`);
  });

  /** The most that lay in the backups while `work` was done, in MB. */
  async function watchBackups<T>(work: Promise<T>): Promise<{ result: T; mostMb: number }> {
    const folder = lab.path(BACKUPS);
    let mostMb = 0;
    const timer = setInterval(() => {
      const { blocks, bfree, bsize } = statfsSync(folder);
      mostMb = Math.max(mostMb, ((blocks - bfree) * bsize) / 2 ** 20);
    }, 20);
    try {
      return { result: await work, mostMb };
    } finally {
      clearInterval(timer);
    }
  }

  /**
   * What is put there, and after how many looks at the file (0: it is there from the beginning): a reader that is held up
   * is so at some look, and whoever looks less often never gets that far.
   */
  const GROUPS: [title: string, tries: [thing: string, looks: number[]][]][] = [
    ['a FIFO', [['fifo', [0, 1, 2, 3]]]],
    ['a link to /dev/zero', [['/dev/zero', [0, 1, 2, 3]]]],
    [
      'a sparse file of 1.5 or 10 GB',
      [
        [`sparse:${1500 * 2 ** 20}`, [1, 2]],
        [`sparse:${10 * 2 ** 30}`, [0]],
      ],
    ],
    [
      'a link to the log of the kernel, to the terminal, to the memory of the reader; a socket, a folder, a leased file',
      [
        ['/proc/kmsg', [0, 2]],
        ...['/dev/tty', '/proc/self/mem', 'socket', 'folder', 'lease'].map(
          (thing): [string, number[]] => [thing, [0]],
        ),
      ],
    ],
  ];

  for (const [title, tries] of GROUPS) {
    test(`${title} in place of the environment file, from whichever look on: nothing hangs or fills up, the others are served`, async () => {
      for (const [thing, looks] of tries) for (const look of looks) await tryThing(thing, look);
      const { get, peakMb } = await host.run(lab, { seconds: 60 });
      host.assertServed(get('shop'));
      assert.ok(peakMb < MOST_MB, `${peakMb} MB`);
    });
  }

  async function tryThing(thing: string, look: number): Promise<void> {
    await host.writeEnv(lab, 'alice');
    await lab.ok('rm -rf /home/alice/link-env /home/alice/kept');
    const race = ['races.py', `after:${look}`, '/home/alice/app', 'env', thing] as const;
    const racer = await host.startAs(lab, 'alice', race);
    const { result, mostMb } = await watchBackups(
      host.measured(lab, ['scale', 'alice', String(look + 2)], SECONDS),
    );
    racer.stdin.end();
    await racer.done;
    const { stdout, stderr, exitCode, isLate, wasDeaf, ms, peakMb } = result;
    const what = `${thing} after look ${look}: ${ms} ms, ${peakMb} MB, ${Math.round(mostMb)} MB in the backups: ${stdout}${stderr}`;
    assert.ok(!wasDeaf, `it hung and did not even hear SIGTERM: ${what}`);
    assert.ok(!isLate, `it hung: ${what}`);
    assert.ok(exitCode === 0 || exitCode === 1, what);
    assert.ok(mostMb < 4, what);
    assert.ok(peakMb < MOST_MB, what);
    host.assertNoTrace(stdout + stderr);
  }

  test('whatever else of a project is a FIFO: every command ends, the others are served', async () => {
    await host.writeEnv(lab, 'alice');
    const units: Record<string, { execStart?: string; lines?: string[] }> = {
      bob: {
        execStart: '/usr/bin/gunicorn --config /home/bob/app/conf.py --bind 127.0.0.1:8002 web:app',
      },
      carl: { execStart: '/home/carl/app/start.sh' },
      dave: { lines: ['WorkingDirectory=/home/dave/app', 'EnvironmentFile=/home/dave/app/env.*'] },
    };
    const fifos = { bob: 'conf.py', carl: 'start.sh', dave: 'gunicorn.conf.py' };
    for (const [user, of] of Object.entries(units)) {
      await lab.writeFile(
        `/etc/systemd/system/${user}.service`,
        host.webUnit({ user, port: 8003, ...of }),
      );
      await host.asUser(
        lab,
        user,
        `cd ~/app; for name in ${fifos[user as keyof typeof fifos]} env.1; do mkfifo -m 0777 $name; done`,
      );
    }
    await host.asUser(lab, 'alice', 'cd ~/app; rm env; mkfifo env');
    await lab.ok('systemctl daemon-reload');
    const users = ['alice', ...Object.keys(units)];
    await host.writeConfig(
      lab,
      Object.fromEntries([...users, 'shop'].map((user) => [user, host.LIMITS])),
    );
    const commands = [
      ['run', '--dry-run'],
      ['check'],
      ['metrics', 'all'],
      ['init', '--yes', '--output', '/run/proposed.json'],
      ['scale', 'bob', '3'],
      ['scale', 'carl', '3'],
    ];
    for (const args of commands) {
      const { isLate, stdout, stderr, ms } = await host.measured(lab, args, SECONDS);
      assert.ok(!isLate, `${args.join(' ')} did not end after ${ms} ms: ${stdout}${stderr}`);
      host.assertNoTrace(stdout + stderr);
    }
    host.assertServed((await host.run(lab, { seconds: 60 })).get('shop'));
  });
});
