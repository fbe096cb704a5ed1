import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Lab, startLab } from '../lab/lab.ts';
import { APPS } from '../lab/services.ts';

/** A unit and its files, `<u>` standing for its name without `.service`, «2» for what is edited; `from`: the workers that it really has. */
interface Case {
  name: string;
  files: Record<string, string>;
  links?: Record<string, string>;
  from: number;
  /** the file that changes; null: refused */
  edits: string | null;
  /** what the refusal says */
  says?: RegExp;
}

const UNIT = '/etc/systemd/system/<u>.service';
const OURS = '/etc/systemd/system/<u>.service.d/50-autoscaler.conf';
/** `service` with ExecStart last. */
const unit = (exec: string, ...lines: string[]): string =>
  ['[Service]', ...lines, `WorkingDirectory=${APPS}`, `ExecStart=${exec}`, ''].join('\n');

const CASES: Case[] = [
  {
    name: 'a daemon of a oneshot with several commands',
    files: {
      [UNIT]: unit(
        `/bin/echo -w 9 ; /usr/bin/gunicorn -w «2» -D web:app ; /bin/true -w 8`,
        ...['Type=oneshot', 'RemainAfterExit=yes'],
      ),
    },
    from: 2,
    edits: UNIT,
  },
  {
    name: 'environment files by a pattern: the last one that matches',
    files: {
      [UNIT]: unit('/usr/bin/gunicorn web:app', 'EnvironmentFile=-/etc/<u>/*.env'),
      '/etc/<u>/10.env': 'WEB_CONCURRENCY=7\n',
      '/etc/<u>/20.env': '# two\r\nexport WEB_CONCURRENCY=9\r\nWEB_CONCURRENCY = "«2»"\r\n',
    },
    from: 2,
    edits: '/etc/<u>/20.env',
  },
  {
    name: 'a linked unit, a drop-in of all services before it, a wrapper in a wrapper',
    files: {
      '/opt/<u>/<u>.service': unit(
        `/usr/bin/flock -n /run/<u>.lock -c "exec nice -10 python3 -mgunicorn -w $\{N} web:app"`,
        'Environment=N=9 "M=-w 8"',
      ),
      '/etc/systemd/system/<u>.service.d/a.conf': `\uFEFF[Service]\n\tEnvironment = M="1" \\\n# N=8\n N=«2»`,
    },
    links: { [UNIT]: '/opt/<u>/<u>.service' },
    from: 2,
    edits: '/etc/systemd/system/<u>.service.d/a.conf',
  },
  {
    name: "Celery's own unit: celery multi with an environment file",
    files: {
      [UNIT]: unit(
        `/bin/sh -c '$\{CELERY_BIN} -A $CELERY_APP multi start $CELERYD_NODES \\\n    --pidfile=$\{CELERYD_PID_FILE} --logfile=$\{CELERYD_LOG_FILE} $CELERYD_OPTS'`,
        ...['Type=forking', 'EnvironmentFile=/etc/<u>.conf'],
        `ExecStop=/bin/sh -c '$\{CELERY_BIN} multi stopwait $CELERYD_NODES --pidfile=$\{CELERYD_PID_FILE}'`,
      ),
      '/etc/<u>.conf':
        'BROKER_URL=memory://\nCELERYD_NODES="w1"\nCELERY_BIN="/usr/bin/celery"\nCELERY_APP="tasks"\nCELERYD_OPTS="--time-limit=300 --concurrency=«2»"\nCELERYD_PID_FILE="/run/<u>-%n.pid"\nCELERYD_LOG_FILE="/run/<u>-%n.log"\n',
    },
    from: 2,
    edits: '/etc/<u>.conf',
  },
  {
    name: 'a Celery app that sets its own concurrency: what runs counts',
    files: {
      [UNIT]: unit(
        `/usr/bin/celery -A <u>_tasks worker`,
        ...['Environment=BROKER_URL=memory:// PYTHONPATH=/srv'],
      ),
      '/srv/<u>_tasks.py': 'from tasks import app\napp.conf.worker_concurrency = 3\n',
    },
    from: 3,
    edits: OURS,
  },
  {
    name: 'GUNICORN_CMD_ARGS before the config file and WEB_CONCURRENCY, the last of its options; prefixes',
    files: {
      [UNIT]: unit(
        '-@/usr/bin/gunicorn web-master -c /srv/<u>.py web:app',
        `Environment="GUNICORN_CMD_ARGS=-w 6 --name='a b' --workers «2»" WEB_CONCURRENCY=5`,
      ),
      '/srv/<u>.py': 'workers = 7\n',
    },
    from: 2,
    edits: UNIT,
  },
  {
    name: 'the count in gunicorn.conf.py',
    files: {
      [UNIT]: unit('/usr/bin/gunicorn -c /srv/<u>.py web:app', 'Environment=WEB_CONCURRENCY=4'),
      '/srv/<u>.py': 'import os\nworkers = int(os.environ["WEB_CONCURRENCY"]) // 2\n',
    },
    from: 2,
    edits: OURS,
  },
  {
    name: 'a wrapper that is not known',
    files: {
      [UNIT]: unit('/srv/<u>.sh /usr/bin/gunicorn -w 2 web:app'),
      '/srv/<u>.sh': '#!/bin/sh\nexec "$@"\n',
    },
    from: 2,
    edits: null,
    says: /whose content is unknown\nstart gunicorn/,
  },
];

describe('units of many forms on a real host', () => {
  let lab: Lab;
  before(async () => {
    lab = await startLab();
    // each service has the ports for itself
    await lab.writeFile(
      '/etc/systemd/system/service.d/lab.conf',
      '[Service]\nPrivateNetwork=yes\n',
    );
  });
  after(() => lab.stop());

  // side by side, each with a lock of its own
  test('all of them', { concurrency: 3 }, async (t) => {
    await Promise.all(
      CASES.map((shape, index) => t.test(shape.name, () => check(shape, `w${index}`))),
    );
  });

  async function check({ files, links = {}, from, edits, says }: Case, name: string) {
    const named = (text: string): string => text.replaceAll('<u>', name).replace(/[«»]/g, '');
    const mode = 0o755;
    for (const [path, text] of Object.entries(files))
      await lab.writeFile(named(path), named(text), { mode });
    for (const [path, to] of Object.entries(links)) await lab.ok(named(`ln -s ${to} ${path}`));
    const config = `/run/${name}.json`;
    const global = { state_dir: `/var/lib/${name}`, backup_dir: `/var/backups/${name}` };
    await lab.writeFile(config, JSON.stringify({ projects: {}, global }));
    await lab.ok(`systemctl daemon-reload && systemctl start ${name}`);
    await lab.until(async () => (await countWorkers(name)) === from, { what: `${from} workers` });

    const scale = (to: number, ...more: string[]) =>
      lab.autoscaler(['scale', name, String(to), '--config', config, ...more]);
    const dry = await scale(4, '--dry-run');
    const read = async () =>
      Promise.all(Object.keys(files).map((path) => lab.readFile(named(path))));
    const before = await read();
    assert.deepEqual(before, Object.values(files).map(named), 'a dry run changes nothing');
    const done = await scale(4);
    if (edits === null) {
      assert.deepEqual([dry.exitCode, done.exitCode], [1, 1], done.stdout);
      assert.match(done.stderr, says ?? /./);
      assert.deepEqual(await read(), before);
      assert.equal(await countWorkers(name), from);
      return;
    }
    assert.match(dry.stdout, new RegExp(`${from} → 4 workers`), dry.stderr);
    assert.equal(done.exitCode, 0, done.stdout + done.stderr);
    assert.equal(await countWorkers(name), 4);
    const expected = Object.values(files).map((text) => named(text.replace(/«2»/, '4')));
    assert.deepEqual(await read(), expected);
    assert.equal((await lab.sh(`test -e ${named(OURS)}`)).exitCode === 0, edits === OURS);
  }

  /** Children of Gunicorn's or Celery's main process, which is the parent of most. */
  async function countWorkers(name: string): Promise<number> {
    const script = `
import collections, glob
group = '/sys/fs/cgroup/system.slice/${name}.service'
parents = collections.Counter()
for pid in open(group + '/cgroup.procs').read().split():
    words = open(f'/proc/{pid}/cmdline').read().split('\\0')
    if 'python' in words[0]: parents[open(f'/proc/{pid}/stat').read().rsplit(')', 1)[1].split()[1]] += 1
pids = open(group + '/cgroup.procs').read().split()
print(max((n for p, n in parents.items() if p in pids), default=0))`;
    const { stdout } = await lab.exec(['python3', '-c', script]);
    return Number(stdout);
  }
});
