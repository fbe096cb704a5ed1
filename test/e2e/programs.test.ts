import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { CheckDocument } from '../../src/commands/check/report.ts';
import { assertDocumented } from '../docs/json-schemas.ts';
import { startLab, type Lab } from '../lab/lab.ts';
import { gunicornUnit, installUnit, redisUnit } from '../lab/services.ts';

const LOG = '/var/log/autoscaler.log';

/** Runs a program and writes, last of all, how many KB its largest process has held. */
const PEAK = `
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(code)`;

describe('programs that a command starts', { timeout: 200_000 }, () => {
  let lab: Lab;

  before(async () => {
    lab = await startLab();
    await installUnit(lab, 'redis.service', redisUnit());
    await installUnit(lab, 'web.service', gunicornUnit());
    await lab.ok('redis-cli rpush celery one two three');
    const projects = {
      web: { min_workers: 2, max_workers: 4, cpu_thresholds: { scale_up_4: 99.9 } },
      tasks: {
        ...{ max_workers: 4, queue_thresholds: { scale_up_2: 10 } },
        broker_url: 'redis://127.0.0.1:6379/0',
      },
    };
    const global = { log_file: LOG, on_event: 'env > /run/hook', on_event_user: 'root' };
    await lab.writeFile('/etc/autoscaler/config.json', JSON.stringify({ projects, global }));
  });

  after(() => lab.stop());

  /** Puts a script in the place of a program until `work` is done. */
  async function replacing<T>(program: string, script: string, work: () => Promise<T>): Promise<T> {
    await lab.ok(`mv ${program} ${program}.real`);
    if (script !== '') await lab.writeFile(program, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    try {
      return await work();
    } finally {
      await lab.ok(`mv ${program}.real ${program}`);
    }
  }

  test('get nothing of our environment, and are found in the folders of the system alone', async () => {
    const evil = '#!/bin/sh\ntouch /run/evil\n';
    for (const name of ['systemctl', 'flock', 'getent']) {
      await lab.writeFile(`/srv/evil/${name}`, evil, { mode: 0o755 });
    }
    const noting = (name: string) =>
      `tr '\\0' '\\n' < /proc/$$/environ | cut -d= -f1 >> /run/${name}.env; exec /usr/bin/${name}.real "$@"`;
    const env = {
      ...{ PATH: '/srv/evil:/usr/bin:/bin', A_SECRET: 'x', PERL5OPT: '-Mnone' },
      ...{ NODE_OPTIONS: '--no-warnings', DBUS_SYSTEM_BUS_ADDRESS: 'unix:path=/srv/evil/bus' },
    };
    await replacing('/usr/bin/systemctl', noting('systemctl'), () =>
      replacing('/usr/bin/flock', noting('flock'), () =>
        replacing('/usr/bin/getent', noting('getent'), async () => {
          const scaled = await lab.autoscaler(['scale', 'web', '3'], { env });
          assert.equal(scaled.exitCode, 0, scaled.stderr);
          assert.match(scaled.stdout, /2 → 3 workers; verified/);
        }),
      ),
    );
    assert.equal((await lab.sh('test -e /run/evil')).exitCode, 1);
    const names = await lab.ok('cat /run/systemctl.env | sort -u');
    assert.equal(names, 'LC_ALL\nPATH\nSYSTEMD_COLORS\n');
    assert.equal(await lab.ok('cat /run/flock.env /run/getent.env | sort -u'), 'LC_ALL\nPATH\n');
    assert.doesNotMatch(await lab.readFile('/run/hook'), /A_SECRET|NODE_OPTIONS|evil/);
  });

  test('an answer of systemctl without an end is an error in bounded memory', async () => {
    await replacing('/usr/bin/systemctl', 'exec yes "Id=x"', async () => {
      const args = ['/usr/bin/python3', '-c', PEAK, ...lab.autoscalerArgv];
      for (const command of [['run'], ['scale', 'web', '4'], ['rollback']]) {
        const { exitCode, stderr } = await lab.exec([...args, ...command]);
        assert.equal(exitCode, 1, stderr);
        assert.match(stderr, /systemctl show: an answer of more than 16 MB/);
        assert.ok(Number(stderr.trim().split('\n').at(-1)) < 150_000, stderr);
      }
    });
  });

  describe('where systemctl is missing', () => {
    const told = /^systemctl is missing: .* \(Run this on the host/;
    const without = (...args: string[]) =>
      replacing('/usr/bin/systemctl', '', () => lab.autoscaler(args));
    const takeErrors = async (): Promise<Record<string, unknown>[]> => {
      const text = await lab.ok(`cat ${LOG}; rm ${LOG}`);
      const lines = text.split('\n').filter((line) => line.includes('ERROR'));
      return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    };

    test('run: said once on stderr and in the log file, and nothing on stdout', async () => {
      await lab.ok(`rm -f ${LOG}`);
      const { exitCode, stdout, stderr } = await without('run', '-q', '--json');
      const [error, ...rest] = await takeErrors();
      assert.deepEqual([rest, error?.['event']], [[], 'failed']);
      assert.match(String(error?.['msg']), told);
      assert.deepEqual(JSON.parse(stderr), error);
      assert.deepEqual([exitCode, stdout], [1, '']);
    });

    test('scale: said to the user in plain words, and noted in the log file', async () => {
      const { exitCode, stderr } = await without('scale', 'web', '2');
      assert.match(String((await takeErrors())[0]?.['msg']), told);
      assert.match(stderr, /^autoscaler: systemctl is missing: .*\nRun this on the host.*\n$/);
      assert.equal(exitCode, 1);
    });

    test('metrics: what can be measured, the rest null with its error', async () => {
      const { exitCode, stdout, stderr } = await without('metrics', '--json');
      const { host, services } = assertDocumented('metrics', stdout) as {
        host: Record<string, unknown>;
        services: Record<string, Record<string, unknown>>;
      };
      assert.equal(typeof host['memory_available_mb'], 'number');
      assert.equal(services['tasks.service']?.['queue_length'], 3);
      assert.equal(services['web.service']?.['workers'], null);
      assert.match(stderr, /systemctl is missing/);
      assert.equal(exitCode, 1);
    });

    test('check: says so, after the config and the places', async () => {
      const { exitCode, stdout } = await without('check', '--json');
      const { findings } = JSON.parse(stdout) as CheckDocument;
      const found = findings.find(({ code }) => code === 'systemd_silent');
      assert.match(found?.evidence ?? '', /systemctl is missing/);
      assert.ok(findings.some(({ code }) => code === 'config_ok'));
      assert.equal(exitCode, 1);
    });
  });
});
