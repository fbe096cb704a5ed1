import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { CheckDocument } from '../../src/commands/check/report.ts';
import type { RunReport } from '../../src/commands/run/run-report.ts';
import { assertDocumented } from '../docs/json-schemas.ts';
import { startLab, type Lab } from '../lab/lab.ts';
import { celeryUnit, gunicornUnit, installUnit, redisUnit } from '../lab/services.ts';
import { typeAt, type Step } from '../lab/typing.ts';

const CONFIG = '/etc/autoscaler/config.json';
const SECRET = 's3cret-word';
const BROKER = `redis://:${SECRET}@127.0.0.1:6379/0`;

describe('init on a host', { timeout: 200_000 }, () => {
  let lab: Lab;

  before(async () => {
    lab = await startLab();
    await installUnit(lab, 'redis.service', redisUnit({ password: SECRET }));
    await installUnit(lab, 'plain.service', gunicornUnit());
    const socket = gunicornUnit({ count: '', bind: 'unix:/run/shop.sock' });
    await installUnit(lab, 'socket.service', socket);
    const env = { WEB_CONCURRENCY: '3' };
    await installUnit(lab, 'env.service', gunicornUnit({ count: '', bind: '127.0.0.1:8002', env }));
    const loops = gunicornUnit({
      bind: '127.0.0.1:8003',
      args: '-k uvicorn.workers.UvicornWorker',
    });
    await installUnit(lab, 'loops.service', loops);
    await installUnit(lab, 'tasks.service', celeryUnit({ broker: BROKER, args: '-n a@%h' }));
    const execStart = `/usr/bin/celery -A tasks -b ${BROKER} worker -c 2 -n b@%%h`;
    const more = celeryUnit({ broker: 'redis://127.0.0.1:1/0', execStart });
    await installUnit(lab, 'mail.service', more);
    await installUnit(lab, 'solo.service', celeryUnit({ broker: BROKER, args: '-P solo -n c@%h' }));
    // beside the workers, as on most hosts: it has none of its own, and is no fault
    const beat = celeryUnit({
      broker: BROKER,
      execStart: '/usr/bin/celery -A tasks beat --schedule /run/beat',
    });
    await installUnit(lab, 'beat.service', beat);
    // its broker stands in the app alone
    await lab.writeFile('/srv/app/conf.py', `BROKER = "${BROKER}"\n`);
    await lab.writeFile(
      '/srv/app/hidden.py',
      'from celery import Celery\nfrom conf import BROKER\napp = Celery("hidden", broker=BROKER)\n',
    );
    const hidden = celeryUnit({
      execStart: '/usr/bin/celery -A hidden --workdir /srv/app worker -c 2 -n d@%%h',
    }).replace(/^Environment=.*\n/m, '');
    await installUnit(lab, 'hidden.service', hidden);
    // never started: its broker is known from its files alone
    const late = celeryUnit({ args: '-Q slow,mail' }).replace(
      /^Environment=.*$/m,
      'EnvironmentFile=/etc/default/late',
    );
    await lab.writeFile('/etc/default/late', `CELERY_BROKER_URL="${BROKER}"\n`, { mode: 0o600 });
    await lab.writeFile('/etc/systemd/system/late.service', late);
    await lab.ok('systemctl -q enable late.service');
    await lab.ok('sleep 3');
  });
  after(() => lab.stop());

  const onTerminal = (args: string[], ...steps: Step[]) =>
    typeAt(lab, [...lab.autoscalerArgv, 'init', ...args], steps, { columns: 40 });

  test('without a terminal it asks for --yes; an unwritable folder and a file that is there stay as they are', async () => {
    const none = await lab.autoscaler(['init']);
    assert.equal(none.exitCode, 64);
    assert.match(none.stderr, /--yes/);
    await lab.writeFile('/srv/there.json', 'mine\n');
    const there = await lab.autoscaler(['init', '--yes', '--output', '/srv/there.json']);
    assert.equal(there.exitCode, 1);
    assert.equal(await lab.readFile('/srv/there.json'), 'mine\n');
    const unwritable = await lab.autoscaler(['init', '--yes', '--output', '/proc/none/c.json']);
    assert.equal(unwritable.exitCode, 1, unwritable.stderr);
    assert.match(unwritable.stderr, /\/proc\/none\/c\.json.*no such file or directory/);
  });

  test('on a terminal of 40 columns: Ctrl-C writes nothing, answers enable what they name', async () => {
    const broken = await onTerminal([], ['hidden.service: its', '\x03']);
    assert.equal(broken.exitCode, 130, broken.stdout);
    assert.equal((await lab.sh(`test -e ${CONFIG}`)).exitCode, 1);
    const { exitCode, stdout } = await onTerminal(
      [],
      // what its connection leads to is offered; a wrong password, then one that is typed, after nothing else
      ['redis://localhost:6379/0', '\r'],
      ['needs a password', 'wrong\r'],
      ['Give another URL', 'y'],
      ['scale by its own', 'redis://127.0.0.1:6379/0\r'],
      ['needs a password', `${SECRET}\r`],
      ['Which', ' '],
      ['◼', '\x1b[B'],
      ['◻', ' '],
      ['◼', '\r'],
      ['Write', 'y'],
    );
    assert.equal(exitCode, 0, stdout);
    assert.ok(!stdout.includes(SECRET));
    assert.match(stdout, /solo\.service/);
    const written = await lab.readFile(CONFIG);
    assert.equal(written.match(/"enabled": true/g)?.length, 2, written);
    // what was typed is what is tried, nothing was prefilled before it
    assert.equal(written.split(BROKER).length - 1, 4, written);
    // the list has the limits of each service, not only of the one that the cursor is at
    for (const name of ['env', 'hidden', 'plain', 'socket']) {
      assert.match(stdout, new RegExp(`${name}: \\d–\\d \\(now \\d\\)`));
    }
    assert.equal((await lab.ok(`stat -c %a ${CONFIG}`)).trim(), '640');
    await lab.ok(`rm ${CONFIG}`);
  });

  test('--yes: all are found with their brokers, check passes, and the first run changes nothing', async () => {
    const { exitCode, stdout, stderr } = await lab.autoscaler([
      'init',
      '--yes',
      '--enable',
      '--json',
    ]);
    assert.equal(exitCode, 0, stderr);
    assert.ok(!`${stdout}${stderr}`.includes(SECRET));
    const document = JSON.parse(stdout) as {
      projects: { project: string }[];
      unusable: { service: string }[];
    };
    assertDocumented('init', stdout);
    assert.deepEqual(
      document.projects.map(({ project }) => project),
      ['env', 'hidden', 'late', 'loops', 'mail', 'plain', 'socket', 'tasks'],
    );
    assert.deepEqual(
      document.unusable.map(({ service }) => service),
      ['solo.service'],
    );
    const written = await lab.readFile(CONFIG);
    assert.equal(written.split(BROKER).length - 1, 3);
    assert.match(written, /"queues": \["slow","mail"\]/);
    assert.equal(written.match(/"busy_thresholds"/g)?.length, 3, written);
    assert.equal(written.match(/"queue_metric": "load"/g)?.length, 3, written);
    // a worker that serves many requests at once, and one of which no broker is known
    assert.equal(written.match(/"service_cpu_thresholds"/g)?.length, 2, written);
    assert.equal(written.match(/"backlog_thresholds"/g)?.length, 4, written);
    assert.equal(written.match(/"apply": "live"/g)?.length, 7, written);
    const check = await lab.autoscaler(['check', '--json']);
    assert.equal(check.exitCode, 0, check.stdout);
    const { findings } = JSON.parse(check.stdout) as CheckDocument;
    // what is not of the config's own making: no broker was to be found, one does not run, and units tell a password
    assert.deepEqual(
      findings.filter(({ severity }) => severity !== 'info').map(({ code }) => code),
      [
        ...['timer_missing', 'restart_unaided', 'service_down'],
        ...['password_readable', 'password_readable'],
      ],
    );
    const run = await lab.autoscaler(['run', '--json']);
    assert.equal(run.exitCode, 0, run.stderr);
    const { services } = JSON.parse(run.stdout) as RunReport;
    // a single sync worker is blocked by one slow request: it gets a second one
    assert.deepEqual(
      services.filter(({ action }) => action !== 'none').map(({ project, to }) => [project, to]),
      [['socket', 2]],
    );
  });

  test('--add: a ninth site, behind the others, and all of the config stays as it is', async () => {
    const none = await lab.autoscaler(['init', '--add', '--yes']);
    assert.equal(none.exitCode, 0, none.stderr);
    assert.match(none.stdout, /Nothing was added/);
    const mine = (await lab.readFile(CONFIG)).replace(
      /\n {2}\},\n {2}"global"/,
      '  // the last\n$&',
    );
    await lab.writeFile(CONFIG, mine, { mode: 0o640 });
    await installUnit(lab, 'ninth.service', gunicornUnit({ bind: '127.0.0.1:8009' }));
    await installUnit(lab, 'tenth.service', gunicornUnit({ bind: '127.0.0.1:8010' }));

    const wrong = await lab.autoscaler(['init', '--add', '--yes', 'plain']);
    assert.equal(wrong.exitCode, 64);
    assert.match(wrong.stderr, /plain\.service is in the config already, as "plain"/);
    assert.match(wrong.stderr, /ninth\.service, tenth\.service/);
    assert.equal(await lab.readFile(CONFIG), mine);

    const added = await lab.autoscaler(['init', '--add', '--yes', '--enable', '--json', 'ninth']);
    assert.equal(added.exitCode, 0, added.stderr);
    const { projects } = assertDocumented('init', added.stdout) as { projects: object[] };
    assert.deepEqual(projects, [
      { project: 'ninth', service: 'ninth.service', kind: 'gunicorn', enabled: true },
    ]);
    const after = await lab.readFile(CONFIG);
    const [head = '', tail = ''] = mine.split('  // the last\n');
    assert.ok(after.startsWith(head.trimEnd()) && after.endsWith(tail), after);
    assert.match(after, /\},? {2}\/\/ the last\n {4}\/\/ Gunicorn \(sync\), 2 workers now/);
    assert.equal(await lab.readFile(`${CONFIG}.bak`), mine);
    assert.equal((await lab.ok(`stat -c %a ${CONFIG} ${CONFIG}.bak`)).trim(), '640\n640');
    assert.ok(!`${added.stdout}${added.stderr}`.includes(SECRET));
    const check = await lab.autoscaler(['check']);
    assert.equal(check.exitCode, 0, check.stdout);
  });

  test('--add on a terminal asks which; an alias of a service that is there is none', async () => {
    await lab.ok('ln -s tenth.service /etc/systemd/system/store.service; systemctl daemon-reload');
    const before = await lab.readFile(CONFIG);
    const { exitCode, stdout } = await onTerminal(
      ['--add'],
      ['Which may', ' '],
      ['◼', '\r'],
      ['Write', 'y'],
    );
    assert.equal(exitCode, 0, stdout);
    assert.equal((await lab.readFile(CONFIG)).match(/"service_name"/g)?.length, 10);
    assert.match(await lab.readFile(CONFIG), /"tenth": \{\n {6}"enabled": true/);
    assert.equal(await lab.readFile(`${CONFIG}.bak`), before);
    const again = await lab.autoscaler(['init', '--add', '--yes']);
    assert.match(again.stdout, /Nothing was added/);
  });
});
