import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';

const top = mkdtempSync(join(tmpdir(), 'autoscaler-deb-backups-'));
after(() => rmSync(top, { recursive: true, force: true }));

/** As the package's scripts and scripts/uninstall.sh run it. */
const SHELLS = [
  ['sh', '-ec'],
  // on a socket bash takes itself for the child of rshd, and reads its rc files
  ['bash', '--norc', '-euo', 'pipefail', '-c'],
] as const;

/** A name of a unit that does not fit into the name of a folder of the journal. */
const LONG = `${'x'.repeat(240)}.service`;

/** A host with a journal, and a program that says what is changed. */
class Host {
  readonly root = mkdtempSync(join(top, 'host-'));
  readonly backups = join(this.root, 'var/backups/autoscaler');
  private rows: string[] = [];

  constructor() {
    this.write('var/backups/autoscaler/journal.lock', '');
    this.says();
  }

  write(path: string, text: string): string {
    const full = join(this.root, path);
    mkdirSync(join(full, '..'), { recursive: true });
    writeFileSync(full, text);
    return full;
  }

  /** A change in the journal; `file`: what is there now, null: nothing is. The copy says `old`. */
  change(number: number, service: string, file: { name: string; now: string | null }): this {
    const id = `00000${number}-${service.slice(0, 200)}`;
    const copy = this.write(`var/backups/autoscaler/changes/${id}/0`, 'old');
    this.write(`var/backups/autoscaler/changes/${id}/manifest.json`, '{}');
    const path = file.now === null ? join(this.root, file.name) : this.write(file.name, file.now);
    this.rows.push(`${service}    2     3   ${copy}  ${path}`);
    this.says();
    return this;
  }

  /** A drop-in of ours: there was no file before. */
  dropIn(service: string, name: string): this {
    this.rows.push(`${service}  2  3  -  ${this.write(name, 'ours')}`);
    this.says();
    return this;
  }

  says(exitCode = 0): void {
    const table =
      this.rows.length === 0
        ? ['No service is changed: every service is as it was.']
        : ['SERVICE  FROM  TO  BEFORE  FILE', ...this.rows];
    const program = this.write(
      'bin/autoscaler',
      `#!/bin/sh\ncat << 'TXT'\n${table.join('\n')}\nTXT\nexit ${exitCode}\n`,
    );
    chmodSync(program, 0o755);
  }

  run(script: string, [shell, ...args]: readonly string[] = SHELLS[0]): string {
    const text = `root=${this.root}; . scripts/deb/backups.sh; ${script}`;
    const env = { ...process.env, PATH: `${join(this.root, 'bin')}:${process.env['PATH']}` };
    const done = spawnSync(shell ?? 'sh', [...args, text], { encoding: 'utf8', env });
    assert.equal(done.status, 0, done.stderr);
    assert.equal(done.stderr, '');
    return done.stdout;
  }

  journal(): string[] {
    const changes = join(this.backups, 'changes');
    return existsSync(changes) ? readdirSync(changes).sort() : [];
  }
}

const REMOVE_AND_PURGE = 'note_changed; purge_backups';

for (const shell of SHELLS) {
  describe(`scripts/deb/backups.sh in ${shell[0]}`, () => {
    test('the copies of what is still changed stay, those of other services go', () => {
      const host = new Host()
        .change(1, 'shop.service', { name: 'etc/shop file', now: 'new' })
        .change(2, 'api.service', { name: 'etc/api', now: 'old' })
        .change(3, 'shop.service', { name: 'etc/shop file', now: 'new' })
        .dropIn('site.service', 'etc/site.d/x.conf')
        .change(4, LONG, { name: 'etc/long', now: 'new' })
        .change(5, 'gone.service', { name: 'etc/gone', now: null });
      host.write('var/backups/autoscaler/changes/000006-shop.service.new/0', 'never begun');
      const said = host.run(REMOVE_AND_PURGE, shell);
      assert.match(said, /^ {2}shop\.service: 3 workers, 2 before; .*etc\/shop file$/m);
      assert.deepEqual(host.journal(), [
        '000001-shop.service',
        '000003-shop.service',
        `000004-${LONG.slice(0, 200)}`,
      ]);
      assert.deepEqual(readdirSync(host.backups).sort(), ['changes', 'still-changed']);
      assert.equal(statSync(join(host.backups, 'still-changed')).mode & 0o777, 0o600);
      // what a purge has kept is judged again by the next
      const kept = host.journal();
      assert.match(host.run('purge_backups', shell), /shop file/);
      assert.deepEqual(host.journal(), kept);
      assert.ok(existsSync(join(host.root, 'etc/site.d/x.conf')));
    });

    test('nothing is changed: nothing stays', () => {
      const host = new Host();
      host.write('var/backups/autoscaler/changes/000001-shop.service/0', 'old');
      assert.equal(host.run(REMOVE_AND_PURGE, shell), '');
      assert.ok(!existsSync(host.backups));
      assert.equal(host.run('purge_backups', shell), '');
    });

    test('what was put back by hand after the removal is changed no more', () => {
      const host = new Host().change(1, 'shop.service', { name: 'etc/shop', now: 'new' });
      host.run('note_changed', shell);
      host.write('etc/shop', 'old');
      assert.equal(host.run('purge_backups', shell), '');
      assert.ok(!existsSync(host.backups));
    });

    test('where the program cannot say all, or is gone, all copies stay', () => {
      const host = new Host().change(1, 'shop.service', { name: 'etc/shop', now: 'old' });
      // of an earlier removal
      host.run('note_changed', shell);
      host.says(1);
      assert.match(
        host.run(REMOVE_AND_PURGE, shell),
        /could not be found out in full .*all copies/,
      );
      assert.deepEqual(host.journal(), ['000001-shop.service']);
      assert.match(host.run('purge_backups', shell), /is not known: all copies of them stay/);
      assert.deepEqual(host.journal(), ['000001-shop.service']);
    });

    test('the services are named once, for the question', () => {
      const host = new Host()
        .change(1, 'shop.service', { name: 'etc/shop', now: 'new' })
        .dropIn('shop.service', 'etc/shop.d/x.conf')
        .dropIn('api\\x2dv2.service', 'etc/api.d/x.conf');
      const said = host.run('note_changed > /dev/null; printf "%s\\n" "$changed"', shell);
      assert.equal(said, 'shop.service (2 to 3), api\\x2dv2.service (2 to 3)\n');
    });
  });
}
