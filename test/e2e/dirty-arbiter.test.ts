import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { startLab, type Lab } from '../lab/lab.ts';
import { gunicornUnit, installUnit } from '../lab/services.ts';

/** As Gunicorn 25 and later do with `--dirty-app`: a fork of the master that listens on a socket of its own and forks. */
const CONF = `import os, socket, time
def when_ready(server):
    if os.fork() == 0:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind("/run/dirty/arbiter.sock")
        listener.listen()
        os.fork() or time.sleep(1000)
        time.sleep(1000)
`;

let lab: Lab;
before(async () => {
  lab = await startLab();
});
after(() => lab.stop());

test("Gunicorn's dirty arbiter is no worker: not counted, and nobody is taken away for it", async () => {
  await lab.writeFile('/srv/conf.py', CONF);
  const web = { max_workers: 4, cpu_thresholds: { scale_down_1: 0 } };
  const config = { projects: { web }, global: { apply: 'live' } };
  await lab.writeFile('/etc/autoscaler/config.json', JSON.stringify(config));
  const lines = ['RuntimeDirectory=dirty'];
  await installUnit(lab, 'web.service', gunicornUnit({ args: '-c /srv/conf.py', lines }));
  const children = 'pgrep -c -P $(systemctl show -P MainPID web)';
  await lab.until(async () => (await lab.sh(children)).stdout === '3\n', {
    what: 'two workers and the arbiter',
    timeoutMs: 30_000,
  });
  assert.equal(await lab.ok('test -S /run/dirty/arbiter.sock && echo yes'), 'yes\n');
  const { stdout } = await lab.autoscaler(['metrics', 'workers', 'web', '--json']);
  assert.match(stdout, /"running": ?2|: ?2\b/);
  const { exitCode, stdout: said } = await lab.autoscaler(['scale', 'web', '1'], {
    timeoutMs: 120_000,
  });
  assert.equal(exitCode, 0, said);
  assert.match(said, /verified: 1 running/);
  assert.equal((await lab.sh(children)).stdout, '2\n');
});
