import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startLab, type Lab } from '../lab/lab.ts';
import { runScript } from '../lab/script.ts';
import { gunicornUnit, installUnit } from '../lab/services.ts';
import type { KnownStates } from '../../src/targets/systemd/known-states.ts';
import type { UnitState } from '../../src/model/unit-state.ts';

const WEB = 'web.service';

let lab: Lab;
let known: KnownStates = { states: {}, wasUsed: false, hasChanged: false };

/** One run's question: what is known goes from one to the next. Answers whether systemd was asked, and what it says. */
async function ask(
  ...names: string[]
): Promise<{ asked: boolean; units: Record<string, UnitState> }> {
  const script = `
    import { readUnitsAgain } from './src/targets/systemd/known-states.ts';
    const known = ${JSON.stringify({ ...known, wasUsed: false, hasChanged: false })};
    const units = Object.fromEntries(await readUnitsAgain(${JSON.stringify(names)}, known));
    print({ known, units });`;
  const answer = await runScript<{ known: KnownStates; units: Record<string, UnitState> }>(
    lab,
    script,
  );
  ({ known } = answer);
  return { asked: known.hasChanged, units: answer.units };
}

/** Until nothing is asked, so that what follows alone can be why it is. */
async function settle(...names: string[]): Promise<Record<string, UnitState>> {
  await ask(...names);
  const { asked, units } = await ask(...names);
  assert.equal(asked, false, 'a service that goes on is not asked for again');
  return units;
}

before(async () => {
  lab = await startLab();
  const unit = gunicornUnit({ bind: '127.0.0.1:8001' });
  await installUnit(lab, WEB, unit.replace('[Service]', '[Service]\nRestart=always'));
  await lab.ok('ln -s web.service /etc/systemd/system/alias.service && systemctl daemon-reload');
});
after(() => lab.stop());

describe('systemd is not asked again', () => {
  test('of a service that goes on, and what it said is taken', async () => {
    const first = await ask(WEB);
    assert.equal(first.asked, true);
    const again = await ask(WEB);
    assert.deepEqual(again, { asked: false, units: first.units });
    assert.equal(again.units[WEB]?.activeState, 'active');
  });

  test('of one by its other name', async () => {
    const { [WEB]: own, 'alias.service': other } = await settle(WEB, 'alias.service');
    assert.equal(other?.id, WEB);
    assert.equal(other?.mainPid, own?.mainPid);
  });
});

describe('systemd is asked again', () => {
  const changes: [
    after: string,
    script: string,
    does: (now: UnitState, before: UnitState) => void,
  ][] = [
    [
      'after a reload, which may have changed what it says',
      `mkdir -p /etc/systemd/system/web.service.d
       printf '[Service]\\nNice=1\\n' > /etc/systemd/system/web.service.d/nice.conf
       systemctl daemon-reload`,
      (now) => assert.deepEqual(now.dropInPaths, ['/etc/systemd/system/web.service.d/nice.conf']),
    ],
    [
      'after systemd has started itself anew',
      'systemctl daemon-reexec',
      (now) => assert.equal(now.activeState, 'active'),
    ],
    [
      'after a restart',
      'systemctl restart web.service',
      (now, before) => assert.notEqual(now.mainPid, before.mainPid),
    ],
    [
      'after a crash and the restart by systemd',
      `kill -9 $(systemctl show -P MainPID web.service)
       until [ "$(systemctl show -P NRestarts web.service)" = 1 ] && systemctl is-active -q web.service; do sleep 0.1; done`,
      (now, before) => {
        assert.notEqual(now.mainPid, before.mainPid);
        assert.equal(now.nRestarts, 1);
      },
    ],
  ];
  for (const [name, script, check] of changes) {
    test(name, async () => {
      const before = (await settle(WEB))[WEB]!;
      await lab.ok(script);
      const { asked, units } = await ask(WEB);
      assert.equal(asked, true);
      check(units[WEB]!, before);
    });
  }

  test('where it was asked longer ago than ten minutes', async () => {
    await settle(WEB);
    known.states[WEB]!.askedMs -= 601_000;
    assert.equal((await ask(WEB)).asked, true);
  });

  test('each time where environment files are given by a pattern', async () => {
    await lab.ok(`mkdir -p /etc/web.d && touch /etc/web.d/a.env
      printf '[Service]\\nEnvironmentFile=-/etc/web.d/*.env\\n' > /etc/systemd/system/web.service.d/env.conf
      systemctl daemon-reload`);
    await ask(WEB);
    await lab.ok('touch /etc/web.d/b.env');
    const { asked, units } = await ask(WEB);
    assert.equal(asked, true);
    assert.equal(units[WEB]?.environmentFiles.length, 2);
    await lab.ok('rm /etc/systemd/system/web.service.d/env.conf; systemctl daemon-reload');
  });

  test('of a service that is stopped, and of that alone', async () => {
    const other = 'other.service';
    await installUnit(lab, other, '[Service]\nExecStart=/bin/sleep 1000\n');
    await settle(WEB, other);
    await lab.ok(`systemctl stop ${WEB}`);
    for (let i = 0; i < 2; i++) {
      const { asked, units } = await ask(WEB, other);
      assert.equal(asked, true, 'it may be started at any time');
      assert.equal(units[WEB]?.activeState, 'inactive');
      assert.equal(units[other]?.activeState, 'active');
      assert.deepEqual(Object.keys(known.states), [other]);
    }
  });
});
