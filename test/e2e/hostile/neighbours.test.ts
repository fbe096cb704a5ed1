import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Lab } from '../../lab/lab.ts';
import type { Running } from '../../lab/running.ts';
import { installUnit } from '../../lab/services.ts';
import * as host from './host.ts';

const SOCKET = '/home/shop/app/sock';
/** Two workers are busy with the first two. */
const ASKED = 6;
const WAITING = ASKED - 2;

/** The kernel's table of sockets is one for all users, and the names in it are theirs. */
describe("a user who makes sockets that look like a neighbour's", { timeout: 120_000 }, () => {
  let lab: Lab;
  let inode: string;

  before(async () => {
    lab = await host.startHost(['alice']);
    await installUnit(
      lab,
      'web.service',
      host.webUnit({
        ...{ user: 'shop', port: 1 },
        execStart: `/usr/bin/gunicorn --workers 2 --timeout 300 --bind unix:${SOCKET} web:app`,
      }),
    );
    await host.writeConfig(lab, {
      web: { ...host.LIMITS, backlog_thresholds: { scale_up_9: 9999 } },
    });
    inode = (await lab.ok(`awk '$8 == "${SOCKET}" { print $7; exit }' /proc/net/unix`)).trim();
    await host.startAs(lab, 'shop', ['sockets.py', 'ask', SOCKET, String(ASKED)]);
    await assertCounted('nobody disturbs it');
  });

  test('under the service, with all that is closed to it, it is counted too', async () => {
    await lab.ok('rm -rf /var/lib/autoscaler; systemctl start autoscaler');
    const line = (await lab.readFile('/var/lib/autoscaler/history.jsonl')).split('\n')[0]!;
    const { services } = JSON.parse(line) as { services: Record<string, { backlog?: number }> };
    assert.equal(services['web.service']?.backlog, WAITING, line);
  });

  after(() => lab.stop());

  async function assertCounted(when: string): Promise<void> {
    const { stdout, stderr } = await host.measured(lab, ['metrics', 'backlog', 'web']);
    assert.equal(stdout, `${WAITING}\n`, `${when}: ${stderr}`);
    const run = await host.run(lab);
    assert.equal(run.get('web').error, null, when);
  }

  async function whileOneIsThere(start: Promise<Running>): Promise<void> {
    const running = await start;
    try {
      await assertCounted('with the other there');
    } finally {
      running.stdin.end();
      await running.done;
    }
  }

  test('by names with a line break in them: what waits for the neighbour is counted', () =>
    whileOneIsThere(host.startAs(lab, 'alice', ['sockets.py', 'forge', SOCKET, inode])));

  test('by the same path in a file system of her own: it is counted', () =>
    whileOneIsThere(
      host.startAs(lab, 'alice', ['sockets.py', 'twin', SOCKET], { in: OWN_FILE_SYSTEM }),
    ));

  test('by 200,000 of them: it is counted', () =>
    whileOneIsThere(host.startAs(lab, 'alice', ['sockets.py', 'many', SOCKET, '200500'])));
});

const OWN_FILE_SYSTEM = ['unshare', '--user', '--map-root-user', '--mount'];
