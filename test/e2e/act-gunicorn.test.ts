import { after, before, beforeEach, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { startLab, type Lab } from '../lab/lab.ts';
import { APPS, gunicornUnit, installUnit } from '../lab/services.ts';

const UNIT = '/etc/systemd/system/web.service';
const CHANGES = '/var/backups/autoscaler/changes';
/** Machines that test are slow at times. */
const PATIENT = { timeoutMs: 180_000 };

let lab: Lab;
before(async () => {
  lab = await startLab();
});
after(() => lab.stop());
beforeEach(() =>
  lab.sh(
    'systemctl stop web; rm -rf /etc/systemd/system/web.service* /usr/lib/systemd/system/web.service /var/backups/autoscaler /var/lib/autoscaler; systemctl daemon-reload; systemctl reset-failed',
  ),
);

/** The workers that serve: children of the main process. */
async function countWorkers(): Promise<number> {
  const pids = await lab.ok('pgrep -r D,R,S -P $(systemctl show -p MainPID --value web) | wc -l');
  return Number(pids);
}

async function succeed(...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await lab.autoscaler(args, PATIENT);
  assert.equal(exitCode, 0, stdout + stderr);
  return stdout;
}

/** Starts a change and does not wait; its process number is in /run/scale.pid. */
function startScale(service: string, workers: number): ReturnType<Lab['spawn']> {
  const script = 'echo $$ > /run/scale.pid; exec "$@"';
  const argv = ['/bin/sh', '-c', script, 'sh', ...lab.autoscalerArgv];
  return lab.spawn([...argv, 'scale', service, String(workers)]);
}

function isActive(): Promise<string> {
  return lab.ok('systemctl is-active web');
}

describe('Gunicorn under a real systemd', () => {
  test('changed, verified, and rolled back byte for byte; the timer is stopped; twice is safe', async () => {
    const unit = `# größe ist alles\r\n${gunicornUnit()}`;
    await installUnit(lab, 'web.service', unit);
    await lab.ok(`chown root:adm ${UNIT} && chmod 0640 ${UNIT}`);
    await lab.writeFile('/etc/systemd/system/autoscaler.service', '[Service]\nExecStart=true\n');
    const timer = '[Timer]\nOnCalendar=hourly\n[Install]\nWantedBy=timers.target\n';
    await lab.writeFile('/etc/systemd/system/autoscaler.timer', timer);
    await lab.ok('systemctl enable --now autoscaler.timer');

    assert.match(await succeed('scale', 'web', '4'), /2 → 4 workers; verified: 4 running/);
    assert.equal(await countWorkers(), 4);
    assert.equal(await lab.readFile(UNIT), unit.replace('--workers 2', '--workers 4'));
    await succeed('scale', 'web', '1');
    assert.equal(await countWorkers(), 1);

    const dry = await succeed('rollback', '--dry-run');
    assert.match(dry, /-ExecStart=.*--workers 1 .*\n\+ExecStart=.*--workers 2 /);
    assert.equal(await lab.ok('systemctl is-active autoscaler.timer'), 'active\n');

    assert.match(await succeed('rollback'), /1 → 2 workers \(rolled back\); verified: 2 running/);
    assert.equal(await lab.readFile(UNIT), unit);
    assert.equal(await lab.ok(`stat -c '%U %G %a' ${UNIT}`), 'root adm 640\n');
    assert.equal(await countWorkers(), 2);
    assert.equal((await lab.sh('systemctl is-active autoscaler.timer')).stdout, 'inactive\n');
    assert.equal((await lab.sh('systemctl is-enabled autoscaler.timer')).stdout, 'disabled\n');

    assert.match(await succeed('rollback'), /Nothing to roll back/);
    const list = await succeed('rollback', '--list');
    assert.match(list, /web\.service +2 → 4 +rolled back/);
    assert.match(list, /web\.service +1 → 2 +applied +rollback of 2 changes/);
  });

  test('a unit that cannot start with the new number is put back, and the service is up', async () => {
    const check = `ExecStartPre=/bin/sh -c "! grep -q 'workers [4]' ${UNIT}"`;
    const unit = gunicornUnit({ lines: [check] });
    await installUnit(lab, 'web.service', unit);
    const { exitCode, stdout } = await lab.autoscaler(['scale', 'web', '4'], PATIENT);
    assert.equal(exitCode, 1);
    assert.match(stdout, /2 → 4 failed: .*undone: it is as before, with 2/);
    assert.equal(await lab.readFile(UNIT), unit);
    assert.deepEqual([await isActive(), await countWorkers()], ['active\n', 2]);
  });

  test('a master that keeps replacing dying workers is a failure, although the unit is active', async () => {
    await lab.writeFile(
      '/srv/dying.py',
      `import os\nif "workers 3" in open("${UNIT}").read(): os._exit(1)\nfrom web import app\n`,
    );
    const unit = gunicornUnit({
      execStart: '/usr/bin/gunicorn --workers 2 --bind 127.0.0.1:8000 dying:app',
      lines: [`Environment=PYTHONPATH=/srv:${APPS}`],
    });
    await installUnit(lab, 'web.service', unit);
    const { exitCode, stdout } = await lab.autoscaler(['scale', 'web', '3'], PATIENT);
    assert.equal(exitCode, 1);
    assert.match(stdout, /2 → 3 failed: .*(workers? running, expected 3|a worker died).*undone/);
    assert.equal(await lab.readFile(UNIT), unit);
    assert.deepEqual([await isActive(), await countWorkers()], ['active\n', 2]);
  });

  test("the vendor's unit gets a drop-in of ours, which a rollback removes together with its folder", async () => {
    const unit = gunicornUnit({ count: '' });
    await lab.writeFile('/usr/lib/systemd/system/web.service', unit);
    await lab.ok('systemctl daemon-reload && systemctl start web');
    await succeed('scale', 'web', '3');
    assert.equal(await countWorkers(), 3);
    assert.equal(await lab.readFile('/usr/lib/systemd/system/web.service'), unit);
    assert.equal(await lab.ok(`ls ${UNIT}.d`), '50-autoscaler.conf\n');
    await succeed('rollback');
    assert.equal(await countWorkers(), 1);
    assert.equal((await lab.sh(`ls -d ${UNIT}.d`)).exitCode, 2);
  });

  test('an edit made since stays; only the number goes back, and that is said', async () => {
    await installUnit(lab, 'web.service', gunicornUnit());
    await succeed('scale', 'web', '3');
    await lab.ok(`sed -i 's/^Description=.*/Description=edited/' ${UNIT}`);
    const edited = await lab.readFile(UNIT);
    const stdout = await succeed('rollback', 'web');
    assert.match(
      stdout,
      /has since been edited by somebody else: only the number is set back to 2/,
    );
    assert.equal(await lab.readFile(UNIT), edited.replace('--workers 3', '--workers 2'));
    assert.equal(await countWorkers(), 2);
  });

  test('a stopped service gets its number and stays stopped, also in the rollback', async () => {
    const unit = gunicornUnit();
    await installUnit(lab, 'web.service', unit);
    await lab.ok('systemctl stop web');
    await succeed('scale', 'web', '3');
    assert.match(await lab.readFile(UNIT), /--workers 3/);
    await succeed('rollback');
    assert.equal(await lab.readFile(UNIT), unit);
    assert.equal((await lab.sh('systemctl is-active web')).stdout, 'inactive\n');
  });

  test('killed during the restart: the next command finishes or undoes it first', async () => {
    const unit = gunicornUnit({ env: { WEB_BOOT_SECONDS: '1' } });
    await installUnit(lab, 'web.service', unit);
    const scale = startScale('web', 3);
    await lab.until(
      async () =>
        (await lab.sh(`grep -q '"touched": true' ${CHANGES}/*.pending/manifest.json`)).exitCode ===
        0,
      {
        what: 'the restart to begin',
        timeoutMs: 30_000,
      },
    );
    await lab.ok('kill -KILL $(cat /run/scale.pid)');
    await scale.done;
    await succeed('scale', 'web', '4');
    assert.equal(await countWorkers(), 4);
    assert.doesNotMatch(await lab.ok(`ls ${CHANGES}`), /pending/);
    await succeed('rollback');
    assert.equal(await lab.readFile(UNIT), unit);
  });
});
