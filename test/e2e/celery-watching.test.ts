import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { startLab, type Lab } from '../lab/lab.ts';
import { celeryUnit, enqueue, installUnit, redisUnit } from '../lab/services.ts';

const CONFIG = '/etc/autoscaler/config.json';
const REDIS = '127.0.0.1:6379/0';
/** Machines that test are slow at times. */
const PATIENT = { timeoutMs: 180_000 };
const BUSY = 600;

interface Finding {
  code: string;
  severity: string;
  project: string | null;
  evidence: string;
  remedy: string | null;
}

/** Each is a worker of the same app on the same Redis, and a project. */
const WORKERS: Record<string, { args?: string; env?: Record<string, string>; user?: string }> = {
  named: { args: '-Q high,low' },
  coded: { env: { DEFAULT_QUEUE: 'bulk' } },
  silent: { env: { DEFAULT_QUEUE: 'quiet', REMOTE_CONTROL: 'off' } },
  written: { args: '-Q mail,slow -X slow', env: { REMOTE_CONTROL: 'off' } },
  greedy: { args: '-Q greedy', env: { PREFETCH: '0' } },
  later: { args: '-Q later' },
  right: { args: '-Q right' },
  barred: { args: '-Q barred' },
  walled: { args: '-Q walled' },
  wrong: { args: '-Q wrong' },
  prefixed: { user: 'paperless:secret', env: { KEY_PREFIX: 'paperless' } },
};

/** What the config says where it is not the worker's own URL and the queue `celery`. */
const PROJECTS: Record<string, Record<string, unknown>> = {
  greedy: { queues: ['greedy'] },
  later: { queues: ['later'] },
  right: { queues: ['right'] },
  barred: { queues: ['barred'], broker_url: `redis://barred:secret@${REDIS}` },
  walled: { queues: ['walled'], broker_url: `redis://walled:secret@${REDIS}` },
  wrong: { queues: ['wrong'], broker_url: `redis://barred:wrong@${REDIS}` },
  prefixed: {
    broker_url: `redis://paperless:secret@${REDIS}`,
    broker_transport_options: { global_keyprefix: 'paperless' },
  },
};

let lab: Lab;
let findings: Finding[];
before(async () => {
  lab = await startLab();
  await installUnit(lab, 'lab-redis.service', redisUnit());
  const users = [
    'barred on >secret ~* resetchannels +llen +ping +select +hlen +del +brpop',
    'walled on >secret ~* resetchannels +@all',
    'paperless on >secret ~paperless* resetchannels &paperless* +@all',
  ];
  for (const user of users)
    await lab.ok(
      `redis-cli acl setuser ${user.replaceAll('>', '\\>').replaceAll('*', '\\*').replaceAll('&', '\\&')}`,
    );
  const projects: Record<string, unknown> = {};
  for (const [name, { args = '', env = {}, user }] of Object.entries(WORKERS)) {
    const broker = `redis://${user === undefined ? '' : `${user}@`}${REDIS}`;
    const lines = ['Restart=always', 'RestartSec=2'];
    const unit = celeryUnit({ broker, env, lines, count: '-c 1', args: `-n ${name}@%%h ${args}` });
    await lab.writeFile(`/etc/systemd/system/${name}.service`, unit);
    projects[name] = {
      ...{
        kind: 'celery',
        max_workers: 4,
        queue_thresholds: { scale_up_4: 1000, scale_down_1: 0 },
      },
      ...{ broker_url: `redis://${REDIS}`, ...PROJECTS[name] },
    };
  }
  const config = { projects, global: { apply: 'live' } };
  await lab.writeFile(CONFIG, JSON.stringify(config));
  await lab.ok(
    `systemctl daemon-reload; systemctl start --no-block ${Object.keys(WORKERS).join(' ')}`,
  );
  // it takes what is there only when it has started
  await Promise.all([
    ...['high', 'bulk', 'quiet', 'mail'].map((queue) => fill(queue, 30)),
    ...['greedy', 'right'].map((queue) => fill(queue, 60)),
    enqueue(lab, 60, 'tasks.sleep', () => [BUSY], {
      queue: 'later',
      eta: '2100-01-01T00:00:00+00:00',
    }),
  ]);
  await lab.until(
    async () => {
      const lengths = await lab.ok(
        'for q in greedy later quiet mail bulk high; do redis-cli llen $q; done',
      );
      const [greedy = 0, later = 0, ...others] = lengths.trim().split('\n').map(Number);
      return greedy === 0 && later === 0 && others.every((length) => length < 30);
    },
    { what: 'all to take tasks', timeoutMs: 90_000 },
  );
  await lab.until(async () => Number(await lab.ok('systemctl show -P NRestarts prefixed')) >= 2, {
    what: 'the worker with a prefix to die twice',
    timeoutMs: 90_000,
  });
  const { stdout } = await lab.autoscaler(['check', '--json'], PATIENT);
  ({ findings } = JSON.parse(stdout) as { findings: Finding[] });
});
after(() => lab.stop());

async function fill(queue: string, tasks: number): Promise<void> {
  await enqueue(lab, tasks, 'tasks.sleep', () => [BUSY], { queue });
}

function find(project: string, code: string): Finding | undefined {
  return findings.find((each) => each.project === project && each.code === code);
}

describe('the queues of a worker that the config does not name', () => {
  const rows: [project: string, code: string, evidence: RegExp, remedy: RegExp][] = [
    [
      'named',
      'queues_differ',
      /^the worker consumes high, low; the config lists celery; 2\d tasks wait in high, low, unseen$/,
      /"queues": \["high","low"\]/,
    ],
    ['coded', 'queues_differ', /^the worker consumes bulk; .* 2\d tasks wait/, /\["bulk"\]/],
    [
      'written',
      'queues_differ',
      /^according to its unit the worker consumes mail; .* 2\d tasks wait/,
      /\["mail"\]/,
    ],
    ['silent', 'queues_unseen', /no project watches: .*quiet \(2\d\)/, /"queues"/],
  ];
  for (const [project, code, evidence, remedy] of rows) {
    test(project, () => {
      const found = find(project, code);
      assert.equal(
        found?.severity,
        'warning',
        JSON.stringify(findings.filter((f) => f.project === project)),
      );
      assert.match(found.evidence, evidence);
      assert.match(found.remedy ?? '', remedy);
    });
  }

  test('one that looks at those that it takes: nothing is said', () => {
    for (const project of ['right', 'greedy', 'later'])
      assert.equal(find(project, 'queues_differ'), undefined);
  });

  test('init writes what the worker says', async () => {
    await lab.sh('systemctl kill -s KILL prefixed silent written');
    await lab.ok('systemctl stop prefixed silent written');
    const { exitCode, stdout, stderr } = await lab.autoscaler(
      ['init', '--yes', '--output', '/root/config.json'],
      PATIENT,
    );
    assert.equal(exitCode, 0, stdout + stderr);
    const text = await lab.readFile('/root/config.json');
    assert.match(text, /"queues": \["high","low"\]/);
    assert.match(text, /"queues": \["bulk"\]/);
  });
});

describe('tasks that wait in the worker', () => {
  test('check: many, and none where they are for a later time or few', () => {
    assert.match(
      find('greedy', 'tasks_hidden')?.evidence ?? '',
      /^(?:59|60) tasks .* with 1 process to run/,
    );
    assert.match(find('greedy', 'tasks_hidden')?.remedy ?? '', /ready\+unacked/);
    for (const project of ['right', 'later', 'named'])
      assert.equal(find(project, 'tasks_hidden'), undefined, project);
  });

  test('run says it once', async () => {
    const first = await lab.autoscaler(['run'], PATIENT);
    const said = first.stderr.split('\n').filter((line) => line.includes('tasks_hidden'));
    assert.equal(said.length, 1, first.stderr);
    assert.match(said[0] ?? '', /greedy\.service: (?:59|60) tasks .*ready\+unacked/);
    assert.doesNotMatch((await lab.autoscaler(['run'], PATIENT)).stderr, /tasks_hidden/);
  });
});

describe('a broker that does not allow something: check and scale agree, and say what', () => {
  const rows: [project: string, why: RegExp][] = [
    ['barred', /may not run PUBLISH: its ACL lacks \+publish/],
    [
      'walled',
      /may not use the channel \/0\.celery\.pidbox \(PUBLISH\): its ACL lacks &\/0\.celery\.pidbox/,
    ],
    ['wrong', /refuses the user or password of the broker URL/],
  ];
  for (const [project, why] of rows) {
    test(project, async () => {
      const live = find(project, 'live_impossible');
      assert.match(live?.evidence ?? '', why);
      assert.match(live?.evidence ?? '', /so each change restarts it/);
      const { exitCode, stdout, stderr } = await lab.autoscaler(['scale', project, '2'], PATIENT);
      assert.equal(exitCode, 0, stdout + stderr);
      assert.match(stdout, /1 → 2 workers; verified: 2 running$/m);
      assert.match(stderr, why);
    });
  }

  test('a password that is refused is a fault, also where the default user is open', () => {
    assert.match(find('wrong', 'broker_fault')?.evidence ?? '', /refuses the user or password/);
  });
});

/** Until systemd waits before it starts it once more: on a busy machine it may be up in the next moment. */
const untilDead = (unit: string) =>
  lab.until(async () => /auto-restart/.test(await lab.ok(`systemctl show -P SubState ${unit}`)), {
    what: 'it to die',
    timeoutMs: 30_000,
    everyMs: 20,
  });

test('a worker that keeps exiting: check, status and scale say so', async () => {
  const said =
    /(?:keeps exiting|has exited, and systemd is restarting it).*systemd has restarted it \d+ times/;
  assert.match(find('prefixed', 'service_crashing')?.evidence ?? '', said);
  assert.equal(find('prefixed', 'service_crashing')?.severity, 'error');
  await lab.ok('systemctl start --no-block prefixed');
  await untilDead('prefixed');
  const { notes } = JSON.parse((await lab.autoscaler(['status', '--json'])).stdout) as {
    notes: string[];
  };
  assert.match(notes.join('\n'), /prefixed\.service: it has exited, and systemd is restarting it/);
  // up in that moment or not: one that was restarted twice is watched until it exits again
  await lab.until(async () => Number(await lab.ok('systemctl show -P NRestarts prefixed')) >= 2, {
    what: 'two restarts',
    timeoutMs: 60_000,
  });
  const { stdout } = await lab.autoscaler(['scale', 'prefixed', '2'], PATIENT);
  assert.match(stdout, /before the change: it /);
});
