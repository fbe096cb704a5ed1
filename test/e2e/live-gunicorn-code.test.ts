import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { startLab, type Lab } from '../lab/lab.ts';
import { gunicornUnit, installUnit } from '../lab/services.ts';

const APP = `import os
assert os.environ["SECRET"] == "s3 $cret" and os.getuid() == 33
def application(environ, start_response):
    start_response("200 OK", [("Content-Length", "3")])
    return [b"ok\\n"]
`;

let lab: Lab;
before(async () => {
  lab = await startLab();
  await lab.writeFile('/etc/default/web', "SECRET='s3 $cret'\n", { mode: 0o600 });
});
after(() => lab.stop());

async function install(apply: string, args = ''): Promise<string> {
  await lab.sh('systemctl stop web');
  await lab.writeFile('/srv/deployed.py', APP);
  const web = { max_workers: 8, cpu_thresholds: { scale_down_1: 0 }, boot_timeout_seconds: 20 };
  const config = { projects: { web }, global: { apply } };
  await lab.writeFile('/etc/autoscaler/config.json', JSON.stringify(config));
  const lines = ['User=www-data', 'EnvironmentFile=/etc/default/web', 'PrivateTmp=yes'];
  const unit = gunicornUnit({ app: 'deployed:application', lines, args });
  const text = unit.replace(/WorkingDirectory=.*/, 'WorkingDirectory=/srv');
  await installUnit(lab, 'web.service', text);
  await lab.until(async () => (await lab.sh('curl -sf http://127.0.0.1:8000/')).exitCode === 0, {
    what: 'it to serve',
    timeoutMs: 30_000,
  });
  return lab.ok('sleep 1; pgrep -P $(systemctl show -P MainPID web)');
}

async function scale(workers: number): Promise<[exitCode: number | null, said: string]> {
  const args = ['scale', 'web', String(workers)];
  const { exitCode, stdout, stderr } = await lab.autoscaler(args, { timeoutMs: 120_000 });
  return [exitCode, stdout + stderr];
}

describe('code on disk that cannot be loaded: nothing is asked of a service that serves', () => {
  for (const apply of ['live', 'restart']) {
    test(apply, async () => {
      const before = await install(apply);
      await lab.writeFile('/srv/deployed.py', 'import nothing_of_that_name\n');
      const [exitCode, said] = await scale(3);
      assert.equal(exitCode, 1, said);
      assert.match(
        said,
        /2 → 3 was not applied: \/srv\/deployed\.py is newer .*nothing_of_that_name/,
      );
      assert.equal(await lab.ok('pgrep -P $(systemctl show -P MainPID web)'), before);
      assert.match(await lab.readFile('/etc/systemd/system/web.service'), /--workers 2/);
      // mended: it is loaded apart as the service would load it
      await lab.writeFile('/srv/deployed.py', `${APP}# newer\n`);
      const [again, done] = await scale(3);
      assert.equal(again, 0, done);
      assert.match(done, /verified: 3 running/);
    });
  }
});
