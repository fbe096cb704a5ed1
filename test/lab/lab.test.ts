import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { httpLoad } from './http-load.ts';
import { CHECKOUT, type Lab, startLab } from './lab.ts';
import { celeryUnit, enqueue, gunicornUnit, installUnit, redisUnit } from './services.ts';
import { until } from './until.ts';

describe('a lab', () => {
  let lab: Lab;
  before(async () => {
    lab = await startLab();
  });
  after(() => lab.stop());

  test('runs a systemd of its own with nothing failed', async () => {
    assert.equal(await lab.ok('systemctl --failed --plain --no-legend'), '');
    assert.equal(await lab.ok('systemctl is-system-running'), 'running\n');
    assert.equal(await lab.ok('hostname'), `${lab.name}\n`);
    assert.match(await lab.ok('cat /proc/1/cgroup'), /^0::\/init\.scope$/m);
  });

  test('keeps content, mode and owner of a written file, and shows it outside', async () => {
    const text = 'ä\r\n\tno newline at the end';
    await lab.writeFile('/etc/new folder/file', text, { mode: 0o640, uid: 33, gid: 4 });
    assert.equal(await lab.readFile('/etc/new folder/file'), text);
    assert.equal(readFileSync(lab.path('/etc/new folder/file'), 'utf8'), text);
    assert.equal(await lab.ok('stat -c %a:%u:%g "/etc/new folder/file"'), '640:33:4\n');
    assert.equal(existsSync('/etc/new folder'), false);
  });

  test('tells how a program ended', async () => {
    assert.equal((await lab.sh('exit 3')).exitCode, 3);
    assert.equal((await lab.sh('kill -KILL $$')).signal, 'SIGKILL');
    assert.equal((await lab.sh('sleep 60 & sleep 60', { timeoutMs: 200 })).signal, 'SIGKILL');
    assert.equal((await lab.exec(['cat'], { input: 'in' })).stdout, 'in');
    await assert.rejects(lab.ok('echo why; exit 2'), /ended with 2\nwhy/);
  });

  test('signals a started program itself, whose exit code is told', async () => {
    const script = 'trap "echo bye; exit 143" TERM; echo ready; while :; do sleep 0.05; done';
    const running = lab.spawn(['sh', '-c', script]);
    await once(running.stdout, 'data');
    running.kill('SIGTERM');
    const { exitCode, stdout } = await running.done;
    assert.deepEqual([exitCode, stdout], [143, 'ready\nbye\n']);
  });

  test('serves HTTP by Gunicorn with the declared number of workers', async () => {
    await installUnit(lab, 'web.service', gunicornUnit({ count: '--workers=3' }));
    const main = await lab.ok('systemctl show -P MainPID web.service');
    await until(async () => (await lab.ok(`pgrep -c -P ${main}`)) === '3\n', { what: '3 workers' });
    const load = httpLoad(lab, { url: 'http://127.0.0.1:8000/cpu?ms=5', seconds: 1 });
    const { requests, failed } = await load.done;
    assert.ok(requests > 20, `${requests} requests`);
    assert.equal(failed, 0);
    assert.ok(Number(await lab.ok('systemctl show -P CPUUsageNSec web.service')) > 200e6);
  });

  test('runs tasks of Celery from a Redis queue, each exactly once', async () => {
    await installUnit(lab, 'lab-redis.service', redisUnit());
    await installUnit(lab, 'jobs.service', celeryUnit());
    await enqueue(lab, 40, 'tasks.trace', (i) => [i, 0.01]);
    await until(async () => (await lab.ok('redis-cli -n 15 dbsize')) === '40\n', {
      what: '40 traces',
    });
    assert.equal(await lab.ok('redis-cli llen celery'), '0\n');
    const counts = await lab.ok('for i in $(seq 0 39); do redis-cli -n 15 get trace:$i; done');
    assert.equal(counts, '1\n'.repeat(40));
  });
});

describe('labs side by side', () => {
  test('two do not see one another, not even in their cgroups', async () => {
    const labs = await Promise.all([startLab(), startLab()]);
    try {
      const [first, second] = labs;
      await installUnit(first, 'web.service', gunicornUnit());
      await installUnit(second, 'web.service', gunicornUnit({ count: '-w 1' }));
      await second.ok('systemctl stop web.service');
      assert.equal(await first.ok('systemctl is-active web.service'), 'active\n');
      assert.equal((await second.exec(['pgrep', '-f', 'web:app'])).exitCode, 1);
    } finally {
      await Promise.all(labs.map((lab) => lab.stop()));
    }
  });
});

describe('what a lab leaves behind', () => {
  test('nothing after stop: no mount, process, folder or cgroup', async () => {
    const lab = await startLab();
    await installUnit(lab, 'web.service', gunicornUnit());
    assert.equal(traces(lab.name).length > 0, true);
    await lab.stop();
    await lab.stop();
    assert.deepEqual(traces(lab.name), []);
  });

  for (const signal of ['SIGKILL', 'SIGINT'] as const) {
    test(`nothing after its owner ended by ${signal}`, async () => {
      const { name } = await startAndKill(signal, false);
      await until(() => traces(name).length === 0, { what: 'an empty machine' });
    });
  }

  test('a lab whose supervisor was killed too is swept when the next one starts', async () => {
    const { name } = await startAndKill('SIGKILL', true);
    assert.notDeepEqual(traces(name), []);
    await (await startLab()).stop();
    assert.deepEqual(traces(name), []);
  });
});

/** Starts a lab in a process of its own, which is then killed, on demand after the lab's supervisor. */
async function startAndKill(signal: NodeJS.Signals, supervisorToo: boolean) {
  const script = `import { startLab } from '${join(CHECKOUT, 'test/lab/lab.ts')}';
    console.log((await startLab()).name); setInterval(() => {}, 1000);`;
  const args = ['--import', 'tsx', '--input-type=module', '-e', script];
  const owner = spawn(process.execPath, args, {
    cwd: CHECKOUT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [chunk] = (await once(owner.stdout, 'data')) as [Buffer];
  const name = chunk.toString().trim();
  if (supervisorToo) {
    const supervisor = processes().find(
      ([, text]) => text.includes('boot.sh') && text.includes(name),
    );
    process.kill(Number(supervisor?.[0]), 'SIGKILL');
  }
  owner.kill(signal);
  await once(owner, 'exit');
  return { name };
}

/** All that this machine shows of a lab: mounts, processes, folders and cgroups with its name. */
function traces(name: string): string[] {
  const id = name.slice('lab'.length);
  const hasName = (text: string) => text.toLowerCase().includes(id);
  return [
    ...readFileSync('/proc/mounts', 'utf8').split('\n').filter(hasName),
    ...processes().flatMap(([pid, text]) => (hasName(text) ? [`${pid} ${text}`] : [])),
    ...readdirSync(tmpdir()).filter(hasName),
    ...['/sys/fs/cgroup', '/sys/fs/cgroup/unified']
      .filter((path) => existsSync(path))
      .flatMap((path) => readdirSync(path))
      .filter(hasName),
  ];
}

/** Every process that has not ended (a zombie has no arguments), with its arguments and cgroups. */
function processes(): [pid: string, text: string][] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((pid): [string, string][] => {
      try {
        const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        if (args === '') return [];
        return [[pid, args + readFileSync(`/proc/${pid}/cgroup`, 'utf8')]];
      } catch {
        return [];
      }
    });
}
