import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { CheckDocument } from '../../src/commands/check/report.ts';
import { CHECKOUT, startLab, type Lab } from '../lab/lab.ts';
import type { Running } from '../lab/running.ts';
import { gunicornUnit, installUnit } from '../lab/services.ts';

const STATE = '/var/lib/autoscaler';
const BACKUPS = '/var/backups/autoscaler';
const LOG = '/var/log/autoscaler.log';
const UNIT = '/etc/systemd/system/web.service';

/** A start lasts for as long as somebody wants it to. */
const WEB = gunicornUnit({
  lines: ["ExecStartPre=/bin/sh -c 'while test -e /run/wait; do sleep 0.05; done'"],
});
const TIMER = '[Timer]\nOnActiveSec=1h\n[Install]\nWantedBy=timers.target\n';

/** What the service of the timer may do. */
const HARDENING = readFileSync(join(CHECKOUT, 'systemd/autoscaler.service'), 'utf8')
  .split('\n')
  .filter((line) =>
    /^(?:Cap|No|Pro|Private|Restrict|Lock|Keyring|SystemCall|UMask)\w+=/.test(line),
  );

/** Somebody else's program that has the descriptors that it was given, and a lock of the first of them, for a minute. */
const HOLD = `
import fcntl, time
fcntl.flock(3, fcntl.LOCK_EX | fcntl.LOCK_NB)
print("held", flush=True)
time.sleep(60)`;

describe('the lock on a host', { timeout: 300_000 }, () => {
  let lab: Lab;
  let alice: string;

  before(async () => {
    lab = await startLab();
    alice = (await lab.ok('useradd --create-home alice && id -u alice')).trim();
    await lab.writeFile('/etc/systemd/system/autoscaler.timer', TIMER);
    await lab.writeFile('/etc/systemd/system/autoscaler.service', '[Service]\nExecStart=true\n');
    await installUnit(lab, 'web.service', WEB);
    const web = { min_workers: 2, max_workers: 4, cpu_thresholds: { scale_up_4: 99.9 } };
    await lab.writeFile(
      '/etc/autoscaler/config.json',
      JSON.stringify({ projects: { web }, global: { log_file: LOG } }),
    );
    await lab.ok('systemctl enable --now autoscaler.timer');
  });

  after(() => lab.stop());

  beforeEach(async () => {
    await lab.writeFile(UNIT, WEB);
    await lab.ok(
      `rm -rf ${STATE} ${BACKUPS} ${LOG} /run/wait; systemctl daemon-reload; systemctl restart web`,
    );
  });

  const asAlice = (script: string) =>
    lab.exec(['runuser', '-u', 'alice', '--', 'sh', '-c', script]);

  /** What becomes of a run, in words: its exit code and what it said on stderr. */
  const call = async (...args: string[]) => {
    const { exitCode, stderr } = await lab.autoscaler(args);
    return { exitCode, stderr };
  };

  const check = async () => {
    const { exitCode, stdout } = await lab.autoscaler(['check', '--json']);
    const { findings } = JSON.parse(stdout) as CheckDocument;
    return {
      exitCode,
      locks: findings.filter(({ code }) => /^lock|^flock/.test(code)),
    };
  };

  /** A run in the middle of a change: until /run/wait goes. */
  async function startChange(): Promise<Running & { pid: string }> {
    await lab.ok(
      `sed -i 's/--workers 2/--workers 1/' ${UNIT}; systemctl daemon-reload; systemctl restart web; touch /run/wait`,
    );
    // the shell above it is there when it is stopped, which nsenter would follow
    const script = '"$@" > /dev/null & echo $!; wait $!';
    const run = lab.spawn(['sh', '-c', script, 'sh', ...lab.autoscalerArgv, 'run']);
    run.stdin.end();
    const pid = await new Promise<string>((resolve) => {
      run.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString().trim()));
    });
    const restarts = async () =>
      (await lab.sh('systemctl is-active web')).stdout === 'activating\n';
    await lab.until(restarts, { what: 'the change of a run', everyMs: 20 });
    return { ...run, pid };
  }

  /** A program of alice that came to a descriptor of root's file; `mode`: how a shell of root opens it. */
  async function leak(
    path: string,
    mode = '<>',
  ): Promise<{ pid: string; end: () => Promise<void> }> {
    const script = `exec setpriv --reuid alice --regid alice --clear-groups python3 -c "$1" 3${mode}"$0"`;
    const holder = lab.spawn(['sh', '-c', script, path, HOLD]);
    await new Promise((resolve) => holder.stdout.once('data', resolve));
    const pid = (await lab.ok('pgrep -n -u alice python3')).trim();
    return {
      pid,
      end: async () => {
        await lab.ok(`kill -9 ${pid}`);
        await holder.done;
      },
    };
  }

  /** Until a line of the log file matches. */
  const said = (pattern: string) =>
    lab.until(async () => (await lab.sh(`grep -Eq '${pattern}' ${LOG}`)).exitCode === 0, {
      what: pattern,
      everyMs: 50,
    });

  const timerState = () =>
    lab.ok('systemctl is-active autoscaler.timer; systemctl is-enabled autoscaler.timer');

  test('nobody else can take it: not by the name that it had before, not by its file', async () => {
    // as a version before this one has left it, with what its name was made of
    const token = 'a'.repeat(32);
    await lab.writeFile(`${STATE}/lock`, `${token}\n`, { mode: 0o600 });
    const names = [token, '', `controls-${token}`].map(
      (part) => `f"autoscaler-${part}-{s.st_dev}-{s.st_ino}"[:107].ljust(107, "-")`,
    );
    const bind = `
import os, socket, time
s = os.stat("${STATE}")
held = [socket.socket(socket.AF_UNIX) for name in range(${names.length})]
for each, name in zip(held, [${names.join(', ')}]): each.bind("\\0" + name)
print("bound", flush=True)
time.sleep(60)`;
    const bound = lab.spawn(['runuser', '-u', 'alice', '--', 'python3', '-c', bind]);
    await new Promise((resolve) => bound.stdout.once('data', resolve));
    const run = await call('run');
    assert.equal(run.exitCode, 0, run.stderr);
    await lab.ok('kill -9 $(pgrep -u alice python3)');
    await bound.done;
    for (const file of [`${STATE}/lock`, `${BACKUPS}/journal.lock`]) {
      const tried = await asAlice(
        `flock --nonblock ${file} true; cat ${file}; rm -f ${file}; ln ${file} own`,
      );
      assert.equal(
        (tried.stderr.match(/Permission denied|not permitted/g) ?? []).length,
        4,
        tried.stderr,
      );
    }
    assert.doesNotMatch(await lab.ok('cat /proc/net/unix'), /autoscaler/);
  });

  test('a descriptor that leaked to another user is called an attack, with its process; no timer is stopped', async () => {
    assert.equal((await call('run')).exitCode, 0);
    await lab.ok(`chmod 0644 ${STATE}/lock`);
    for (const mode of ['<>', '<']) {
      const before = await timerState();
      const { pid, end } = await leak(`${STATE}/lock`, mode);
      const accusation = new RegExp(
        `${STATE}/lock is held by process ${pid} of user ${alice} \\(since .*: python3\\).*attack[^]*kill -9 ${pid}`,
      );
      for (const args of [['run'], ['scale', 'web', '3'], ['rollback'], ['rollback', 'web']]) {
        const { exitCode, stderr } = await call(...args);
        assert.equal(exitCode, 75, args.join(' '));
        assert.match(stderr, accusation);
      }
      const hardened = await lab.exec([
        ...['systemd-run', '--quiet', '--wait', '--pipe', ...HARDENING.map((line) => `-p${line}`)],
        ...['--', ...lab.autoscalerArgv, 'run'],
      ]);
      assert.equal(hardened.exitCode, 75);
      assert.match(hardened.stderr, accusation);
      assert.equal(await timerState(), before);
      assert.match(before, /^active\nenabled$/m);
      const { exitCode, locks } = await check();
      assert.deepEqual(
        [exitCode, locks.map(({ code, severity }) => [code, severity])],
        [1, [['lock_taken', 'error']]],
      );
      assert.match(`${locks[0]?.evidence} ${locks[0]?.remedy}`, accusation);
      await end();
      assert.equal((await call('run')).exitCode, 0);
      assert.equal((await asAlice(`flock --nonblock ${STATE}/lock true`)).exitCode, 66);
    }
  });

  test('the locks of the backups, and of pauses and pins, likewise', async () => {
    assert.equal((await call('pause')).exitCode, 0);
    assert.equal((await call('resume')).exitCode, 0);
    assert.equal((await call('run')).exitCode, 0);
    const rows: [file: string, args: string[]][] = [
      [`${BACKUPS}/journal.lock`, ['run']],
      [`${STATE}/controls.lock`, ['pause']],
    ];
    for (const [file, args] of rows) {
      const { pid, end } = await leak(file);
      const { exitCode, stderr } = await call(...args);
      assert.equal(exitCode, 75);
      assert.match(
        stderr,
        new RegExp(`${file} is held by process ${pid} of user ${alice} .*attack`),
      );
      const { locks } = await check();
      assert.ok(
        locks.some(({ code, evidence }) => code === 'lock_taken' && evidence.includes(pid)),
      );
      await end();
    }
  });

  test('of eight runs at once one works and seven wait; all are done in turn', async () => {
    await lab.ok(
      `sed -i 's/--workers 2/--workers 1/' ${UNIT}; systemctl daemon-reload; systemctl restart web; touch /run/wait`,
    );
    const program = lab.autoscalerArgv.join(' ');
    const eight = lab.sh(
      `for i in 1 2 3 4 5 6 7 8; do (${program} run > /dev/null 2>> /run/said; echo $? >> /run/codes) & done; wait; cat /run/codes; rm /run/codes`,
    );
    const waiting = 'grep -c "waiting up to 30 s for another run to end: process" /run/said';
    const others = async () => (await lab.sh(waiting)).stdout.trim() === '7';
    await lab.until(others, { what: 'seven runs to wait', everyMs: 50 });
    await lab.ok('! test -e /run/codes; rm /run/wait');
    assert.equal((await eight).stdout, '0\n'.repeat(8));
    assert.deepEqual(
      (await check()).locks.filter(({ severity }) => severity !== 'info'),
      [],
    );
  });

  test('a run that is killed in its change frees it at once; what it has started keeps nothing', async () => {
    const run = await startChange();
    const second = lab.spawn([...lab.autoscalerArgv, 'run']);
    second.stdin.end();
    const waits = `for another run to end: process ${run.pid} \\(since \\S+ \\S+ UTC: \\S*node \\S*/main.js run\\)`;
    await said(waits);
    const { exitCode: code, locks } = await check();
    assert.deepEqual([code, locks.map(({ code }) => code)], [0, ['lock_held', 'lock_held']]);
    // systemctl, which it has started, waits for the service and goes on
    await lab.ok(
      `kill -9 ${run.pid}; while test -d /proc/${run.pid}; do :; done; pgrep -x systemctl; rm /run/wait`,
    );
    const next = await second.done;
    assert.equal(next.exitCode, 0, next.stderr);
    assert.match(next.stderr, /"recovered"/);
    await run.done;
  });

  test('one that was stopped by a signal is told as that, and how it goes on; a rollback that waits stops no timer', async () => {
    const before = await timerState();
    const run = await startChange();
    await lab.ok(`kill -STOP ${run.pid}`);
    const { exitCode, stderr } = await call('scale', 'web', '3');
    assert.equal(exitCode, 75);
    assert.match(
      stderr,
      new RegExp(
        `another run still holds the lock after 30 s, nothing was done: process ${run.pid} \\(since .*, stopped: .*\\n.*kill -CONT ${run.pid}`,
      ),
    );
    const { locks } = await check();
    assert.deepEqual([locks[0]?.code, locks[0]?.severity], ['lock_held_long', 'warning']);
    const back = lab.spawn([...lab.autoscalerArgv, 'rollback']);
    back.stdin.end();
    await said(`waiting up to 180 s for another run to end: process ${run.pid} `);
    assert.equal(await timerState(), before);
    back.kill('SIGTERM');
    assert.equal((await back.done).stdout, '');
    assert.equal(await timerState(), before);
    await lab.ok(`rm /run/wait; kill -CONT ${run.pid}`);
    assert.equal((await run.done).exitCode, 0);
  });

  test('what is refused leaves the timer as it was, and nothing behind', async () => {
    const before = await timerState();
    assert.equal((await call('scale', 'none.service', '3')).exitCode, 1);
    assert.equal((await call('pause', 'none')).exitCode, 64);
    assert.equal((await call('pin', 'web', '9')).exitCode, 64);
    assert.equal((await lab.sh(`ls ${STATE} ${BACKUPS}`)).exitCode, 2);
    assert.equal((await call('scale', 'web', '3')).exitCode, 0);
    assert.equal((await call('rollback', 'none')).exitCode, 64);
    assert.equal(await timerState(), before);
    // and one that is not refused stops it
    assert.equal((await call('rollback', 'web')).exitCode, 0);
    assert.equal(await lab.readFile(UNIT), WEB);
    assert.equal((await lab.sh('systemctl is-active autoscaler.timer')).stdout, 'inactive\n');
    assert.equal((await lab.sh('systemctl is-enabled autoscaler.timer')).stdout, 'disabled\n');
    await lab.ok('systemctl enable --now autoscaler.timer');
  });

  test('what only looks takes no lock and makes none', async () => {
    const look = async () => {
      for (const args of [
        ['check'],
        ['status'],
        ['run', '--dry-run'],
        ['rollback', '--list'],
        ['scale', 'web', '3', '--dry-run'],
      ]) {
        assert.doesNotMatch((await call(...args)).stderr, /lock/, args.join(' '));
      }
    };
    await look();
    assert.equal((await lab.sh(`ls ${STATE} ${BACKUPS}`)).exitCode, 2);
    assert.equal((await call('run')).exitCode, 0);
    const files = `ls -la --time-style=full-iso ${STATE}/lock ${BACKUPS}`;
    const before = await lab.ok(files);
    await lab.ok(`flock --nonblock ${STATE}/lock true`);
    const run = await startChange();
    await look();
    await lab.ok('rm /run/wait');
    assert.equal((await run.done).exitCode, 0);
    assert.equal((await lab.ok(files)).split('\n')[0], before.split('\n')[0]);
  });

  test('it holds between containers that share the folder; who is outside is not guessed at', async () => {
    const inside = ['unshare', '--pid', '--fork', '--mount-proc', ...lab.autoscalerArgv];
    const run = await startChange();
    const second = lab.spawn([...inside, 'run']);
    second.stdin.end();
    await said('for another run to end: a process that cannot be seen from here');
    const looked = await lab.exec([...inside, 'check', '--json']);
    assert.match(looked.stdout, /is held by a process that cannot be seen from here/);
    await lab.ok('rm /run/wait');
    assert.equal((await run.done).exitCode, 0);
    // it went on; from within it cannot see the processes of the service
    assert.equal((await second.done).exitCode, 1);
  });

  describe('flock itself', () => {
    const replace = (script: string) =>
      lab.ok(
        `mv /usr/bin/flock /usr/bin/flock.real; printf '%s\\n' '#!/bin/sh' '${script}' > /usr/bin/flock; chmod 755 /usr/bin/flock`,
      );

    const rows: [name: string, script: string, told: RegExp][] = [
      [
        'that is missing',
        'gone',
        /lock: cannot be locked: the program flock is missing\n.*util-linux/,
      ],
      [
        'that fails',
        'echo "flock: 3: No locks available" >&2; exit 71',
        /lock: cannot be locked: flock ended with 71: .*No locks available\n.*local file system/,
      ],
      ['that was killed', 'kill -9 $$', /lock: cannot be locked: flock was killed by SIGKILL/],
      [
        'that does not answer',
        'exec sleep 60',
        /lock: cannot be locked: flock has not answered within 10 s/,
      ],
      [
        'whose file is always removed',
        `rm ${STATE}/lock; exec flock.real "$@"`,
        /lock: cannot be locked: it is removed again and again/,
      ],
    ];
    for (const [name, script, told] of rows) {
      test(`${name}: exit code 1, and why`, async () => {
        await replace(script);
        try {
          if (script === 'gone') await lab.ok('rm /usr/bin/flock');
          const { exitCode, stderr } = await call('scale', 'web', '3');
          assert.equal(exitCode, 1, stderr);
          assert.match(stderr, told);
          const missing = (await check()).locks.filter(({ code }) => code === 'flock_missing');
          assert.equal(missing.length, script === 'gone' ? 1 : 0);
        } finally {
          await lab.ok('mv /usr/bin/flock.real /usr/bin/flock');
        }
        assert.match(await lab.readFile(UNIT), /--workers 2 /);
        assert.equal((await call('run')).exitCode, 0);
      });
    }

    test('whose file was removed before it had it locks the new one', async () => {
      await replace(`test -e /run/once || rm ${STATE}/lock; touch /run/once; exec flock.real "$@"`);
      const run = await startChange();
      await lab.ok('mv /usr/bin/flock.real /usr/bin/flock; rm /run/once');
      assert.equal((await lab.sh(`flock --nonblock ${STATE}/lock true`)).exitCode, 1);
      await lab.ok('rm /run/wait');
      assert.equal((await run.done).exitCode, 0);
    });
  });
});
