import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { RunReport } from '../../src/commands/run/run-report.ts';
import type { StatusReport } from '../../src/commands/status/types.ts';
import { assertDocumented } from '../docs/json-schemas.ts';
import { startLab, type Lab } from '../lab/lab.ts';
import { gunicornUnit, installUnit } from '../lab/services.ts';

const CONFIG = '/etc/autoscaler/config.json';
const UNIT = '/etc/systemd/system/shop.service';

describe('one service by two names', { timeout: 120_000 }, () => {
  let lab: Lab;

  before(async () => {
    lab = await startLab();
    await installUnit(lab, 'shop.service', gunicornUnit({ count: '--workers 1' }));
    await lab.ok('ln -s shop.service /etc/systemd/system/store.service && systemctl daemon-reload');
  });
  after(() => lab.stop());

  async function run(projects: Record<string, { service_name: string; min_workers: number }>) {
    const common = { max_workers: 4, cpu_thresholds: { scale_up_4: 99.9 } };
    const all = Object.entries(projects).map(([name, own]) => [name, { ...common, ...own }]);
    await lab.writeFile(CONFIG, JSON.stringify({ projects: Object.fromEntries(all) as unknown }));
    const { exitCode, stdout, stderr } = await lab.autoscaler(['run', '--json']);
    return { exitCode, stderr, services: (assertDocumented('run', stdout) as RunReport).services };
  }

  test('the first project decides, the second is refused by name, and the run says so by its exit code', async () => {
    const { exitCode, services, stderr } = await run({
      one: { service_name: 'store.service', min_workers: 2 },
      two: { service_name: 'shop.service', min_workers: 3 },
    });
    assert.equal(exitCode, 1);
    const [one, two] = services;
    assert.deepEqual([one?.service, one?.applied, one?.to], ['shop.service', true, 2], one?.reason);
    assert.deepEqual([two?.project, two?.applied], ['two', false]);
    assert.match(two?.error ?? '', /shop\.service is the service of project "one" already/);
    assert.match(stderr, /"level":"ERROR".*"project":"two".*of project \\"one\\" already/);
    assert.match(await lab.readFile(UNIT), /--workers 2 /);
  });

  test('by hand the limits of its project hold under either name', async () => {
    const { exitCode, stderr } = await lab.autoscaler(['scale', 'shop.service', '5']);
    assert.equal(exitCode, 64, stderr);
    const twin = await lab.autoscaler(['scale', 'two', '3']);
    assert.equal(twin.exitCode, 78, twin.stderr);
    const { exitCode: code, stderr: why } = await lab.autoscaler(['scale', 'store', '3']);
    assert.equal(code, 0, why);
    assert.match(await lab.readFile(UNIT), /--workers 3 /);
  });

  test('what was recorded is found under the alias too', async () => {
    const read = async (...args: string[]): Promise<unknown> => {
      const { stdout, stderr } = await lab.autoscaler([...args, '--json']);
      assert.notEqual(stdout, '', stderr);
      return assertDocumented(args[0] ?? '', stdout);
    };
    const status = (await read('status')) as StatusReport;
    assert.deepEqual(
      status.services.map(({ project, service, active }) => [project, service, active]),
      [['one', 'shop.service', 'active']],
    );
    // what was changed by hand after the run counts too
    assert.equal(status.services[0]?.workers, 3);
    assert.match(
      status.notes.join(),
      /two is left out: shop\.service is the service of project "one"/,
    );
    const explanation = (await read('explain', 'store')) as { project: string; workers: number };
    assert.deepEqual([explanation.project, explanation.workers], ['one', 1]);
    assert.equal((await lab.autoscaler(['explain', 'two'])).exitCode, 78);
    const history = (await read('history')) as { samples: { services: object }[] };
    assert.deepEqual(Object.keys(history.samples.at(-1)?.services ?? {}), ['shop.service']);
    const csv = await lab.autoscaler(['history', '--csv', '--project', 'one']);
    assert.match(csv.stdout, /,one,shop\.service,/);
  });

  test('all changes are one chain: a rollback by the alias restores the number before the first', async () => {
    const { stdout } = await lab.autoscaler(['rollback', '--list', '--json']);
    const { changes } = assertDocumented('rollback', stdout) as {
      changes: { service: string; to: number }[];
    };
    assert.deepEqual(
      changes.map(({ service, to }) => [service, to]),
      [
        ['shop.service', 2],
        ['shop.service', 3],
      ],
    );
    const { exitCode, stderr } = await lab.autoscaler(['rollback', 'store.service']);
    assert.equal(exitCode, 0, stderr);
    assert.equal(await lab.readFile(UNIT), gunicornUnit({ count: '--workers 1' }));
  });

  test('changes that were noted under an alias belong to the same chain', async () => {
    await lab.autoscaler(['scale', 'shop', '2']);
    // as a version before wrote it
    await lab.ok(
      `sed -i 's/"service": "shop.service"/"service": "store.service"/' "$(ls -d /var/backups/autoscaler/changes/*-shop.service | tail -1)/manifest.json"`,
    );
    await lab.autoscaler(['scale', 'shop', '4']);
    const { exitCode, stdout } = await lab.autoscaler(['rollback']);
    assert.equal(exitCode, 0, stdout);
    assert.equal(await lab.readFile(UNIT), gunicornUnit({ count: '--workers 1' }));
  });

  test('what each command prints with --json is what its schema says', async () => {
    const rows: [command: string, ...args: string[]][] = [
      ['metrics', 'all'],
      ['metrics', 'workers', 'one'],
      ['check'],
      ['run', '--dry-run'],
      ['scale', 'shop', '4', '--dry-run'],
      ['scale', 'shop', '4'],
      ['scale', 'shop', '4'],
      ['rollback', '--dry-run'],
      ['rollback'],
      ['rollback'],
    ];
    for (const [command, ...args] of rows) {
      const { stdout, stderr } = await lab.autoscaler([command, ...args, '--json']);
      assert.notEqual(stdout, '', stderr);
      assertDocumented(command, stdout);
    }
  });
});
