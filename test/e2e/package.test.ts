import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { CHECKOUT, startLab, type Lab } from '../lab/lab.ts';
import { celeryUnit, enqueue, gunicornUnit, installUnit, redisUnit } from '../lab/services.ts';
import { typeAt, type Step } from '../lab/typing.ts';

/** Below the checkout, so that the lab sees it too. */
const folder = mkdtempSync(join(CHECKOUT, '.packages-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** A copy of the checkout: the program that other tests run at this moment is not rebuilt under them. */
const source = join(folder, 'source');
before(() => {
  mkdirSync(source);
  for (const name of readdirSync(CHECKOUT)) {
    if (/^(?:\.git|\.packages-.*|dist|node_modules)$/.test(name)) continue;
    cpSync(join(CHECKOUT, name), join(source, name), { recursive: true, preserveTimestamps: true });
  }
  symlinkSync(join(CHECKOUT, 'node_modules'), join(source, 'node_modules'));
});

function build(command: string, ...args: string[]): void {
  execFileSync(command, args, { cwd: source, stdio: ['ignore', 'ignore', 'inherit'] });
}

function find(ending: string): string {
  const name = readdirSync(folder).find((entry) => entry.endsWith(ending));
  assert.ok(name, `no ${ending} was made`);
  return join(folder, name);
}

const CONFIG = JSON.stringify({
  projects: {
    shop: { min_workers: 3, max_workers: 4, cpu_thresholds: { scale_up_4: 99.9 } },
    tasks: {
      min_workers: 3,
      max_workers: 4,
      queue_thresholds: { scale_up_4: 1000 },
      broker_url: 'redis://127.0.0.1:6379/0',
    },
  },
  global: { log_file: '/var/log/autoscaler.log' },
});

/** Fails unless each file that the README of this folder names by a relative path is there. */
const REFERENCES =
  "set -- $(grep -oE '(docs|config)/[A-Za-z./_-]+|SECURITY.md' README.md | sort -u) && test $# -ge 10 && for name; do test -f $name || { echo $name is missing; exit 1; }; done";

/** Machines that test are slow at times. */
const PATIENT = { timeoutMs: 180_000 };

/** What a removal notes for people and for the purge. */
const LIST = '/var/backups/autoscaler/still-changed';
const TASKS_STAY =
  /^ {2}tasks\.service: 3 workers, 2 before; \/etc\/systemd\/system\/tasks\.service$/m;

/** What tells a package whether it may start and stop services; images of containers hold one that says no. */
const POLICIES: [name: string, script: string][] = [
  [
    'a policy-rc.d that forbids all',
    "printf '#!/bin/sh\\nexit 101\\n' > /usr/sbin/policy-rc.d && chmod 0755 /usr/sbin/policy-rc.d",
  ],
  ['no policy-rc.d', 'rm -f /usr/sbin/policy-rc.d'],
];

describe('the Debian package', { timeout: 240_000 }, () => {
  let lab: Lab;
  /** All names where a package may leave something; caches and what dpkg itself notes do not count. */
  const listFiles = (to: string) =>
    lab.ok(
      `find /etc /usr /var /opt -xdev \\( -path /var/lib/dpkg -o -path /var/log/journal -o -path /var/cache -o -path /var/tmp -o -path /var/lib/systemd \\) -prune -o -print | sort > ${to}`,
    );

  /** What a removal says; without an `answer` nobody is there to be asked. */
  const remove = async (how: string, { answer }: { answer?: string } = {}): Promise<string> => {
    const frontend = answer === undefined ? 'noninteractive' : 'teletype';
    const argv = ['env', 'LC_ALL=C.UTF-8', `DEBIAN_FRONTEND=${frontend}`, ...how.split(' ')];
    if (answer === undefined)
      return lab.ok(`${argv.join(' ')} autoscaler 2>&1`, { timeoutMs: 90_000 });
    // debconf of Debian 13 asks on a terminal alone
    const question: Step[] = [['Roll back', `${answer}\n`]];
    const { exitCode, stdout } = await typeAt(lab, [...argv, 'autoscaler'], question, {
      columns: 200,
    });
    assert.equal(exitCode, 0, stdout);
    return stdout.replaceAll('\r\n', '\n');
  };

  before(async () => {
    build('scripts/deb/build.sh', folder); // fails where lintian has anything to say
    lab = await startLab();
    await lab.ok('mkdir -p /home/shop && printf "WEB_CONCURRENCY=2\\n" > /home/shop/env');
    await installUnit(lab, 'redis-tests.service', redisUnit());
    await installUnit(
      lab,
      'shop.service',
      gunicornUnit({ count: '', lines: ['EnvironmentFile=/home/shop/env'] }),
    );
    await installUnit(lab, 'tasks.service', celeryUnit());
    await listFiles('/run/files-before');
  });
  after(() => lab.stop());

  test('installs and starts nothing', async () => {
    const said = await lab.ok(`dpkg -i ${find('.deb')}`);
    assert.match(said, /config\.json is an example, .*\n +sudo autoscaler init /);
    assert.match(await lab.ok('autoscaler --version'), /^\d+\.\d+\.\d+\n$/);
    assert.equal((await lab.sh('systemctl is-enabled autoscaler.timer')).stdout, 'disabled\n');
    assert.equal((await lab.sh('systemctl is-active autoscaler.timer')).stdout, 'inactive\n');
    const dry = await lab.ok('autoscaler run --dry-run');
    assert.equal(dry.match(/disabled in the config: left alone/g)?.length, 6);
  });

  test('what the README refers to is there', async () => {
    await lab.ok(`cd /usr/share/doc/autoscaler && ${REFERENCES}`);
  });

  test('the units are hardened to at most 3.6, and right', async () => {
    const score = await lab.ok(
      'systemd-analyze security autoscaler.service --no-pager | tail -n 1',
    );
    const exposure = Number(/: (\d+\.\d+) /.exec(score)?.[1]);
    assert.ok(exposure <= 3.6, score);
    assert.equal(
      await lab.ok('systemd-analyze verify autoscaler.service autoscaler.timer 2>&1'),
      '',
    );
  });

  test('hardened, it still does its job: an environment file in a home, Gunicorn and Celery', async () => {
    await lab.writeFile('/etc/autoscaler/config.json', CONFIG, { mode: 0o640 });
    const { exitCode } = await lab.sh('systemctl start autoscaler.service', { timeoutMs: 90_000 });
    const journal = await lab.ok('journalctl -u autoscaler.service -o cat --no-pager');
    assert.equal(exitCode, 0, journal);
    assert.equal(await lab.readFile('/home/shop/env'), 'WEB_CONCURRENCY=3\n');
    assert.match(await lab.readFile('/etc/systemd/system/tasks.service'), /worker -c 3/);
    assert.match(journal, /shop\.service: 2 → 3 workers; verified: 3 running/);
    assert.match(journal, /tasks\.service: 2 → 3 workers; verified: 3 running/);
  });

  test('the log survives logrotate', async () => {
    await lab.ok('systemctl start autoscaler.service');
    if ((await lab.sh('command -v logrotate')).exitCode === 0) {
      await lab.ok('logrotate --force /etc/logrotate.d/autoscaler');
    } else {
      await lab.ok('mv /var/log/autoscaler.log /var/log/autoscaler.log.1');
    }
    await lab.ok('systemctl start autoscaler.service');
    assert.match(await lab.readFile('/var/log/autoscaler.log'), /"event":"none"/);
  });

  test('completes in bash', async () => {
    const complete = (...words: string[]) =>
      lab.ok(
        `bash -c '. /usr/share/bash-completion/completions/autoscaler; COMP_WORDS=(${words.join(' ')}); COMP_CWORD=${words.length - 1}; _autoscaler; printf "%s\\n" "\${COMPREPLY[@]}"'`,
      );
    assert.match(await complete('autoscaler', 'ro'), /^rollback$/m);
    assert.match(await complete('autoscaler', 'rollback', '--l'), /^--list$/m);
    assert.match(await complete('autoscaler', 'scale', 'sho'), /^shop\.service$/m);
    assert.match(
      await complete('autoscaler', '--config', 'x', 'metrics', 'cel'),
      /^celery_queue$/m,
    );
  });

  test('completes in fish, also behind --config', async () => {
    const complete = (line: string) => lab.ok(`fish -c 'complete -C "${line}"'`);
    assert.match(await complete('autoscaler ro'), /^rollback\t/m);
    assert.match(await complete('autoscaler rollback --l'), /^--list\t/m);
    assert.match(await complete('autoscaler --config /etc/autoscaler/config.json sc'), /^scale\t/m);
    assert.match(await complete('autoscaler scale sho'), /^shop\nshop\.service$/m);
    assert.match(await complete('autoscaler pause --only '), /^down\t.*\nup\t.*\n$/);
    await lab.ok('sed s/shop/store/ /etc/autoscaler/config.json > /etc/autoscaler/other.json');
    assert.equal(
      await complete('autoscaler --config /etc/autoscaler/other.json pause s'),
      'store\n',
    );
  });

  test('completes in zsh, also behind --config', async () => {
    const { stdout } = await typeAt(
      lab,
      ['zsh', '-f', '-i'],
      [
        ['# ', 'autoload -Uz compinit; compinit -D; PS1=rea""dy:\n'],
        ['ready:', 'autoscaler ro\t'],
        ['llback', '--l\t'],
        ['st', '\x03'],
        ['ready:', 'autoscaler pause ta\t'],
        ['sks', '\x03'],
        ['ready:', 'autoscaler --config /etc/autoscaler/other.json explain st\t'],
        ['ore', '\x03'],
        ['ready:', 'autoscaler scale redis-t\t'],
        ['ests.service', '\x03'],
        ['ready:', 'exit 0\n'],
      ],
    );
    assert.doesNotMatch(stdout, /never seen/);
  });

  for (const [policy, script] of POLICIES) {
    test(`an upgrade keeps config, history, journal and the timer as it was: ${policy}`, async () => {
      await lab.ok(script);
      await lab.ok('systemctl enable --now autoscaler.timer');
      const kept = () =>
        lab.ok(
          'cat /etc/autoscaler/config.json; ls -R /var/backups/autoscaler; head -n 1 /var/lib/autoscaler/history.jsonl',
        );
      const before = await kept();
      // a config of its own has no need of being told
      assert.doesNotMatch(await lab.ok(`dpkg -i ${find('.deb')}`), /is an example/);
      assert.equal(await kept(), before);
      assert.equal(await lab.ok('systemctl is-active autoscaler.timer'), 'active\n');
    });

    test(`a removal stops the timer, keeps what the user needs, and asks each time whether to roll back: ${policy}`, async () => {
      await lab.ok('autoscaler timer --every 1m');
      const said = await remove('dpkg -r', { answer: 'no' });
      assert.match(said, /Roll back the numbers of workers that autoscaler has set\?/);
      assert.match(said, /tasks\.service \(2 to\s+3\)/);
      assert.match(said, TASKS_STAY);
      assert.match(said, /^ {2}shop\.service: 3 workers, 2 before; \/home\/shop\/env$/m);
      assert.match(await lab.ok(`stat -c %a:%U ${LIST}`), /^600:root$/m);
      assert.match(await lab.readFile(LIST), /^tasks\.service +2 +3 +\S+-tasks\.service\/0 +\//m);
      await lab.ok(
        'test -e /etc/autoscaler/config.json && test -e /var/lib/autoscaler/history.jsonl',
      );
      const { stdout } = await lab.sh('systemctl is-active autoscaler.timer');
      assert.equal(stdout, 'inactive\n');
      await lab.ok('test -e /etc/systemd/system/autoscaler.timer.d/zz-autoscaler-every.conf');
      await lab.ok(`dpkg -i ${find('.deb')}`);
      await lab.ok(`test ! -e ${LIST}`);
    });
  }

  test('a removal while Celery finishes its tasks: systemd starts the worker afterwards', async () => {
    const show = () => lab.ok('systemctl show -P MainPID -P ActiveState tasks');
    const before = await show();
    await enqueue(lab, 2, 'tasks.sleep', () => [10]);
    await lab.until(async () => (await lab.ok('redis-cli llen celery')) === '0\n', {
      what: 'the tasks to be taken',
    });
    await lab.ok('autoscaler pin tasks 4 && systemctl start --no-block autoscaler');
    await lab.until(
      () => lab.ok('grep -l signalled.*true /var/backups/autoscaler/changes/*.pending/*.json'),
      { what: 'Celery to be asked to finish' },
    );
    const said = await remove('dpkg -r');
    assert.match(
      said,
      /tasks\.service finishes its running tasks; systemd then starts it with 4 workers/,
    );
    await lab.until(async () => (await show()) !== before && /^active$/m.test(await show()), {
      what: 'tasks.service to be started',
    });
    const children = () => lab.ok('pgrep -c -P $(systemctl show -P MainPID tasks)');
    await lab.until(async () => (await children()) === '4\n', { what: 'four processes' });
    await lab.until(
      async () => (await lab.ok('systemctl list-units --all --plain "autoscaler-*"')).match(/^0 /m),
      { what: 'nothing of it to be left' },
    );
    await lab.ok(`dpkg -i ${find('.deb')}`);
    // what has begun is over for the next run too
    await lab.ok('autoscaler run && autoscaler unpin && autoscaler scale tasks 3', PATIENT);
    assert.match(await lab.ok('autoscaler rollback --list'), /tasks/);
  });

  test('a purge keeps the backups of what is still changed, and nothing else', async () => {
    const dropIns = '/etc/systemd/system/site.service.d';
    await lab.writeFile('/usr/lib/systemd/system/site.service', gunicornUnit());
    await lab.ok('systemctl daemon-reload && autoscaler scale site 3');
    // put back by hand
    await lab.ok('printf "WEB_CONCURRENCY=2\\n" > /home/shop/env');
    await lab.ok('cp /var/lib/dpkg/info/autoscaler.postrm /run/postrm');
    const said = await remove('dpkg -P');
    assert.match(said, TASKS_STAY);
    assert.match(said, new RegExp(`^ {2}site\\.service: 3 workers, 2 before; ${dropIns}/.*$`, 'm'));
    assert.match(said, /What was before stays in \/var\/backups\/autoscaler: /);
    assert.doesNotMatch(said, /shop/);
    await lab.ok(`ls ${dropIns}/*autoscaler*.conf`);
    // a service has a folder for each change
    const kept = async () => {
      const listed = await lab.ok('cd /var/backups/autoscaler && ls . changes');
      return [...new Set(listed.replaceAll(/^\d+-/gm, '').trim().split('\n'))];
    };
    const expected = ['.:', 'changes', 'still-changed', '', 'changes:'];
    assert.deepEqual(await kept(), [...expected, 'tasks.service', 'site.service']);
    await lab.ok('test ! -e /etc/autoscaler && test ! -e /var/lib/autoscaler');
    await lab.ok('test ! -e /var/log/autoscaler.log');
    // one that was interrupted is repeated
    const again = await lab.ok('DPKG_MAINTSCRIPT_PACKAGE=autoscaler sh /run/postrm purge 2>&1');
    assert.match(again, TASKS_STAY);
    assert.deepEqual(await kept(), [...expected, 'tasks.service', 'site.service']);
  });

  test('a later installation rolls back what is kept; a purge that does so first leaves nothing', async () => {
    await lab.ok(`dpkg -i ${find('.deb')}`);
    assert.match(
      await lab.ok('autoscaler rollback --changed'),
      /^tasks\.service +2 +3 +\S+\/0 +\S/m,
    );
    await lab.ok('echo autoscaler autoscaler/rollback boolean true | debconf-set-selections');
    await lab.ok('systemctl enable --now autoscaler.timer');
    const said = await remove('dpkg -P');
    assert.match(await lab.readFile('/etc/systemd/system/tasks.service'), /worker -c 2/, said);
    assert.equal(await lab.ok('systemctl is-active tasks.service'), 'active\n');
    await lab.ok('test ! -e /etc/systemd/system/site.service.d');
    assert.doesNotMatch(said, /stays? in/);
    await lab.ok('test ! -e /etc/systemd/system/autoscaler.timer.d');
    await listFiles('/run/files-after');
    // other tests have folders on this machine, which the lab shows
    assert.equal(
      await lab.ok(
        'comm -13 /run/files-before /run/files-after | grep -i autoscaler | grep -v ^/var/lib/autoscaler-test- || true',
      ),
      '',
    );
  });
});

function readHistory(lab: Lab): Promise<string> {
  return lab.ok('cat /var/lib/autoscaler/history.jsonl 2> /dev/null || true');
}

describe('the tarball of npm pack', { timeout: 120_000 }, () => {
  let lab: Lab;
  const deb = join(source, 'dist/autoscaler_0_all.deb');
  before(async () => {
    mkdirSync(join(source, 'dist'), { recursive: true });
    writeFileSync(deb, '');
    build('npm', 'pack', '--silent', '--pack-destination', folder);
    lab = await startLab();
  });
  after(() => lab.stop());

  test('leaves a Debian package that was built before where it is, and is without it', () => {
    assert.ok(existsSync(deb));
    const names = execFileSync('tar', ['tzf', find('.tgz')], { encoding: 'utf8' });
    assert.match(names, /^package\/dist\/main\.js$/m);
    assert.doesNotMatch(names, /\.deb$/m);
  });

  test('installs globally without a network, and works', async () => {
    await lab.ok(`npm install --global --offline --no-audit --no-fund ${find('.tgz')}`);
    assert.match(await lab.ok('cd / && autoscaler --version'), /^\d+\.\d+\.\d+\n$/);
    const example = '$(npm root -g)/autoscaler/config/autoscaler.example.jsonc';
    const { stdout } = await lab.sh(`cd / && autoscaler --config "${example}" metrics all`);
    assert.match(stdout, /^memory +\d[\d.]* [MG]B/m);
    await lab.ok(`cd "$(npm root -g)/autoscaler" && ${REFERENCES}`);
    const bytes = await lab.ok('du -sb "$(npm root -g)/autoscaler" | cut -f1');
    assert.ok(Number(bytes) <= 3 * 2 ** 20, `${bytes} bytes`);
    assert.equal(await lab.ok('find "$(npm root -g)/autoscaler" -name node_modules'), '');
    await lab.ok('npm uninstall --global --offline --no-audit --no-fund autoscaler');
  });

  test('unpacked, its install.sh installs all, and the five commands of the README lead to the first runs', async () => {
    await installUnit(lab, 'redis-tests.service', redisUnit());
    await installUnit(lab, 'shop.service', gunicornUnit());
    await installUnit(lab, 'tasks.service', celeryUnit());
    await lab.ok(
      `mkdir /srv/x && cd /srv/x && tar xzf ${find('.tgz')} && package/scripts/install.sh && rm -r /srv/x`,
    );
    const readme = await lab.readFile('/usr/share/doc/autoscaler/README.md');
    const block = /^```sh\n(sudo autoscaler init [^`]*)^```/m.exec(readme)?.[1] ?? '';
    const commands = block
      .split('\n')
      .flatMap((line) => /^sudo (.*?) *(?:#.*)?$/.exec(line)?.[1] ?? []);
    const [init, check, dry, enable, look] = commands;
    assert.equal(commands.length, 5, block);
    // nobody is there to be asked
    await lab.ok(`${init} --yes --enable`);
    assert.match(await lab.ok(check ?? ''), /^0 errors, 1 warning$/m);
    assert.match(await lab.ok(dry ?? ''), /^shop +2 +2 +.*→ stays at 2$/m);
    await lab.ok(enable ?? '');
    await lab.until(async () => /"kind":"sample"/.test(await readHistory(lab)), {
      what: 'the first run of the timer',
      timeoutMs: 30_000,
    });
    const status = await lab.ok(look ?? '');
    assert.match(status, /^timer +on, last run \d+ s ago \(ok\)/m);
    assert.match(status, /^sample +\d+ s old$/m);
  });
});
