import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab } from '../../lab/lab.ts';
import { changedSince, filesWith, takeSnapshot, type Snapshot } from './changes.ts';
import * as host from './host.ts';

const SECRET = 'of-another-7e02';
const OTHERS = `WEB_CONCURRENCY=1\nSECRET=${SECRET}\n`;
const PRIVATE = '/root/private';
const BACKUPS = '/var/backups/autoscaler/changes';

/** What a user does to the file `env` of her own folder, `app`, and what must not be touched or shown for it. */
interface Trick {
  title: string;
  target: string;
  /** who owns the target, and its mode */
  owner?: string;
  mode?: number;
  /** what it holds instead of a number of workers and a secret */
  text?: string;
  /** run as the user, in her folder `app` */
  does: string;
  /** run as root instead: how it was left by something else, such as a time without protected_hardlinks */
  wasDone?: string;
}

const TRICKS: Record<string, Trick> = {
  alice: {
    title: "a link to another user's file of mode 0600",
    target: '/home/victim/app/env',
    owner: 'victim',
    mode: 0o600,
    does: 'ln -sf /home/victim/app/env env',
  },
  anna: {
    title: 'a link to /etc/environment',
    target: '/etc/environment',
    mode: 0o644,
    does: 'ln -sf /etc/environment env',
  },
  bea: {
    title: 'a link to a file under /usr/lib',
    target: '/usr/lib/other/env',
    mode: 0o644,
    does: 'ln -sf /usr/lib/other/env env',
  },
  carla: {
    title: 'a link to a file in a root folder of mode 0700',
    target: `${PRIVATE}/file`,
    does: `ln -sf ${PRIVATE}/file env`,
  },
  dora: {
    title: 'the folder is a link to a root folder with a file of that name',
    target: `${PRIVATE}/folder/env`,
    does: `cd .. && mv app app.old && ln -s ${PRIVATE}/folder app`,
  },
  ella: {
    title: "a link to another service's environment file in /etc/default",
    target: '/etc/default/other',
    does: 'ln -sf /etc/default/other env',
  },
  fay: {
    title: 'a chain of links, the last of them relative',
    target: '/etc/default/chained',
    does: 'ln -s ../../../etc/default/chained last; ln -s last middle; ln -sf middle env',
  },
  gina: {
    title: "a link through the reader's own root folder in /proc",
    target: '/etc/default/magic',
    does: 'ln -sf /proc/self/root/etc/default/magic env',
  },
  hana: {
    title: "a hard link to a file of root's",
    target: `${PRIVATE}/hard`,
    does: 'true',
    wasDone: `ln -f ${PRIVATE}/hard env`,
  },
  ida: {
    title: 'a link into /etc/autoscaler',
    target: '/etc/autoscaler/notes',
    does: 'ln -sf /etc/autoscaler/notes env',
  },
  jane: {
    title: 'a link into the backups',
    target: `${BACKUPS}/000001-shop.service/0`,
    does: `ln -sf ${BACKUPS}/000001-shop.service/0 env`,
  },
  kate: {
    title: 'a link to a file that has a secret where a number is looked for',
    target: `${PRIVATE}/secret`,
    text: `WEB_CONCURRENCY=${SECRET}\n`,
    does: `ln -sf ${PRIVATE}/secret env`,
  },
};
const USERS = Object.keys(TRICKS);
const RUNNING = ['alice', 'dora'];

describe('an environment file that leads elsewhere', { timeout: 200_000 }, () => {
  let lab: Lab;
  let planted: Snapshot;
  const stateOf = (target: string) =>
    lab.ok(`stat -c '%a %U:%G %s %i %z' ${target}; cat ${target}`);
  const states = new Map<string, string>();

  before(async () => {
    lab = await host.startHost([...USERS, 'victim']);
    await lab.ok(`install -d -m 0700 ${PRIVATE}; mkdir -p /usr/lib/other ${PRIVATE}/folder`);
    await host.writeConfig(
      lab,
      Object.fromEntries([...USERS, 'shop'].map((user) => [user, host.LIMITS])),
      { log_file: '/var/log/autoscaler.log' },
    );
    for (const [index, user] of USERS.entries()) {
      await host.writeEnv(lab, user);
      const lines = [`EnvironmentFile=/home/${user}/app/env`];
      await lab.writeFile(
        `/etc/systemd/system/${user}.service`,
        host.webUnit({ user, port: 8001 + index, lines }),
      );
    }
    await lab.ok(`systemctl daemon-reload; systemctl start ${RUNNING.join(' ')}`);
    for (const [user, trick] of Object.entries(TRICKS)) {
      const { target, owner = 'root', mode = 0o600, text = OTHERS, does, wasDone } = trick;
      await lab.writeFile(target, text, { mode });
      await lab.ok(`chown ${owner}: ${target}`);
      if (wasDone !== undefined) await lab.ok(`cd /home/${user}/app && ${wasDone}`);
      await host.asUser(lab, user, `cd /home/${user}/app && ${does}`);
      states.set(user, await stateOf(target));
    }
    planted = takeSnapshot(lab);
    await sleep(20);
  });
  after(() => lab.stop());

  for (const [user, { title, target }] of Object.entries(TRICKS)) {
    test(`${title}: it is neither edited nor shown`, async () => {
      const { stdout, stderr, exitCode } = await host.measured(lab, ['scale', user, '3']);
      const said = stdout + stderr;
      host.assertNoTrace(said);
      assert.ok(!said.includes(SECRET), said);
      assert.equal(await stateOf(target), states.get(user), said);
      // a drop-in of ours is as good as a refusal that has a reason
      assert.ok(exitCode === 0 || stderr + stdout !== '', `exit code ${exitCode} and no reason`);
    });
  }

  test('a run, and all that is shown of it: nothing of theirs; nothing else is written; the others are served', async () => {
    let said = '';
    const looks = ['dora', 'hana'].map((user) => ['scale', user, '2', '--dry-run']);
    for (const args of [['run', '--dry-run'], ['check'], ...looks]) {
      const { stdout, stderr } = await host.measured(lab, args);
      said += stdout + stderr;
    }
    const { get, stdout, stderr } = await host.run(lab, { seconds: 90 });
    said += stdout + stderr;
    const after = [['explain', 'alice'], ['status'], ['history'], ['rollback', '--list']];
    for (const args of [...after, ['rollback', ...RUNNING, 'hana', '--keep-timer']]) {
      const more = await host.measured(lab, args, 90);
      said += more.stdout + more.stderr;
    }
    host.assertNoTrace(said);
    host.assertServed(get('shop'));
    const targets = Object.values(TRICKS).map((trick) => trick.target);
    const isTarget = (path: string) =>
      targets.includes(path) || /^\/home\/hana\/app\/env$/.test(path);
    assert.deepEqual(
      {
        shown: said.split('\n').filter((line) => line.includes(SECRET)),
        changed: changedSince(planted, lab, (path) => path === '/etc/systemd/system/shop.service'),
        copied: filesWith(lab, SECRET, (path) => !isTarget(path)),
        spread: filesWith(lab, host.MARK, (path) => !/^\/(home|var\/backups)\//.test(path)),
      },
      { shown: [], changed: [], copied: [], spread: [] },
    );
    for (const [user, { target }] of Object.entries(TRICKS)) {
      assert.equal(await stateOf(target), states.get(user), user);
    }
  });
});

describe('what root writes into a folder of a user', { timeout: 120_000 }, () => {
  let lab: Lab;
  const TARGET = `${PRIVATE}/file`;
  const APP = '/home/alice/app';

  before(async () => {
    lab = await host.startHost(['alice']);
    await lab.ok(`install -d -m 0700 ${PRIVATE} ${PRIVATE}/folder`);
    await host.writeConfig(lab, { shop: host.LIMITS });
    await host.measured(lab, ['run']);
  });
  after(() => lab.stop());

  const OUTPUTS: [title: string, global: object, args: string[]][] = [
    ['the log', { log_file: `${APP}/file` }, ['run']],
    ['the metrics', { textfile: `${APP}/file.prom` }, ['run']],
    ['a report', {}, ['report', '--output', `${APP}/file`, '--force']],
    ['a new config', {}, ['init', '--yes', '--output', `${APP}/file`]],
  ];

  for (const [title, global, args] of OUTPUTS) {
    test(`${title}: no link of hers is followed, neither as the file nor as the folder`, async () => {
      await host.writeConfig(lab, { shop: host.LIMITS }, global);
      const links = [
        `for name in file file.prom file.tmp file.prom.tmp .file.prom.tmp file.bak; do ln -sf ${TARGET} ${APP}/$name; done`,
        `rm -rf ${APP}; ln -s ${PRIVATE}/folder ${APP}`,
      ];
      for (const link of links) {
        await host.writeEnv(lab, 'alice');
        await lab.writeFile(TARGET, 'as it was\n', { mode: 0o600 });
        await host.asUser(lab, 'alice', link);
        const before = takeSnapshot(lab);
        await sleep(20);
        const { stdout, stderr } = await host.measured(lab, args);
        host.assertNoTrace(stdout + stderr);
        const isHers = (path: string) => path.startsWith('/home/alice/');
        assert.deepEqual(changedSince(before, lab, isHers), [], stdout + stderr);
      }
    });
  }
});

describe('what of a unit lies in a folder of its user', { timeout: 120_000 }, () => {
  let lab: Lab;
  const UNIT = '/home/alice/units/linked.service';
  const OTHER = `${PRIVATE}/other.service`;

  before(async () => {
    lab = await host.startHost(['alice', 'bob', 'carla']);
    await lab.ok(
      `install -d -m 0700 ${PRIVATE}; install -d -o alice /home/alice/units /home/alice/drop`,
    );
    const text = host.webUnit({ user: 'alice', port: 8001, count: '--workers 1' });
    await lab.writeFile(UNIT, `# ${host.MARK}\n${text}`);
    await lab.ok(`chown alice: ${UNIT}; systemctl link ${UNIT}`);
    await lab.writeFile(OTHER, `# ${SECRET}\n${text.replaceAll('8001', '8002')}`, { mode: 0o600 });
    await lab.ok(`ln -s /home/alice/units/second.service /etc/systemd/system/second.service
      ln -s ${OTHER} /home/alice/units/second.service
      chown -h alice: /home/alice/units/second.service`);
    // it needs a drop-in, and its drop-ins come from a folder of alice's
    const numberless = text.replaceAll('8001', '8003').replace('--workers 1', '');
    await lab.writeFile('/etc/systemd/system/third.service', numberless);
    await lab.ok(
      'ln -s /home/alice/drop /etc/systemd/system/third.service.d; systemctl daemon-reload',
    );
    await host.writeConfig(
      lab,
      Object.fromEntries(['linked', 'second', 'third', 'shop'].map((name) => [name, host.LIMITS])),
    );
  });
  after(() => lab.stop());

  for (const name of ['linked', 'second', 'third']) {
    test(`${name}.service: root writes nothing there, nor where it leads`, async () => {
      const before = takeSnapshot(lab);
      await sleep(20);
      const { stdout, stderr } = await host.measured(lab, ['scale', name, '3']);
      host.assertNoTrace(stdout + stderr);
      assert.ok(!(stdout + stderr).includes(SECRET), stdout + stderr);
      assert.deepEqual(changedSince(before, lab), [], stdout + stderr);
      assert.equal(await lab.ok('find /home/alice -mindepth 1 ! -user alice'), '');
    });
  }
});

describe('a change that is taken back when the file leads elsewhere', { timeout: 120_000 }, () => {
  let lab: Lab;
  const MANIFEST = `${BACKUPS}/000009-bob.service.pending`;

  before(async () => {
    lab = await host.startHost(['alice', 'bob']);
    await lab.ok(`install -d -m 0700 ${PRIVATE} ${PRIVATE}/alice ${PRIVATE}/bob`);
    await host.writeConfig(
      lab,
      Object.fromEntries(
        ['alice', 'bob', 'shop'].map((name) => [name, { ...host.LIMITS, min_workers: 1 }]),
      ),
    );
    for (const [index, user] of ['alice', 'bob'].entries()) {
      await host.installForeign(lab, user, 8001 + index);
      await lab.ok(`systemctl stop ${user}`);
    }
  });
  after(() => lab.stop());

  /** Where the folder leads a root file has the very bytes that the user's had, so that nothing but its path tells. */
  const leadElsewhere = async (user: string, text: string) => {
    await lab.writeFile(`${PRIVATE}/${user}/env`, text, { mode: 0o600 });
    await host.asUser(lab, user, `cd; mv app app.old; ln -s ${PRIVATE}/${user} app`);
    await sleep(20);
    return takeSnapshot(lab);
  };

  test('by rollback: it is not written', async () => {
    const { exitCode, stderr } = await host.measured(lab, ['scale', 'alice', '3']);
    assert.equal(exitCode, 0, stderr);
    const before = await leadElsewhere('alice', await lab.readFile('/home/alice/app/env'));
    const { stdout, stderr: said } = await host.measured(lab, [
      'rollback',
      'alice',
      '--keep-timer',
    ]);
    host.assertNoTrace(stdout + said);
    assert.deepEqual(changedSince(before, lab), [], stdout + said);
  });

  test('by the recovery of a change that an older version left half-done: it is not written', async () => {
    // as that one wrote it: the file was edited in place, and the run died before the reload
    const { exitCode, stderr } = await host.measured(lab, ['scale', 'shop', '2']);
    assert.equal(exitCode, 0, stderr);
    const [changed] = (await lab.ok(`ls -d ${BACKUPS}/*-shop.service`)).split('\n');
    const manifest = JSON.parse(await lab.readFile(`${changed}/manifest.json`)) as Manifest;
    const [file] = manifest.files;
    assert.ok(file !== undefined);
    const [was, is] = [host.envText(1), host.envText(3)];
    const own = {
      ...{ path: '/home/bob/app/env', copy: '0', uid: 0, gid: 0, mode: 0o644, made_folder: null },
      ...{ sha256_before: await sha256(was), sha256_after: await sha256(is) },
    };
    const half = {
      ...manifest,
      ...{ id: '000009-bob.service', service: 'bob.service', project: 'bob', from: 1, to: 3 },
      ...{ touched: false, outcome: null, resize: 'none', undo_because: 'it was asked to end' },
      files: [{ ...file, ...own }],
    };
    await lab.ok(`mkdir -m 0700 ${MANIFEST}`);
    await lab.writeFile(`${MANIFEST}/manifest.json`, JSON.stringify(half), { mode: 0o600 });
    await lab.writeFile(`${MANIFEST}/0`, was, { mode: 0o600 });
    const before = await leadElsewhere('bob', is);
    const { stdout, stderr: said } = await host.run(lab);
    host.assertNoTrace(stdout + said);
    assert.deepEqual(changedSince(before, lab), [], stdout + said);
    assert.equal(await lab.readFile(`${PRIVATE}/bob/env`), is);
  });

  async function sha256(text: string): Promise<string> {
    const { stdout } = await lab.exec(['sha256sum'], { input: text });
    return stdout.slice(0, 64);
  }
});

interface Manifest {
  files: Record<string, unknown>[];
  [key: string]: unknown;
}
