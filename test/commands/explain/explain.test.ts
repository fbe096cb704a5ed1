import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { Explanation } from '../../../src/commands/explain/types.ts';
import { assertDocumented } from '../../docs/json-schemas.ts';
import { autoscaler, type Ended } from '../built.ts';
import { makeFolder, recordHost, windowNow, type HostShape } from '../recorded-host.ts';

let folder: string;
beforeEach(() => {
  folder = makeFolder();
});
afterEach(() => rmSync(folder, { recursive: true }));

function explain(shape: HostShape, ...args: string[]): Ended {
  const { config } = recordHost(folder, shape);
  return autoscaler(['--config', config, 'explain', ...args]);
}

describe('explain', () => {
  test('tells each threshold, each limit, and what would follow when', () => {
    const { code, stdout } = explain({ cpu: [50, 70, 83, 83] }, 'shop');
    assert.equal(code, 0);
    assert.match(stdout, /^shop \(shop\.service\), as of \d+ s ago: 2 declared, 2 running$/m);
    assert.match(stdout, /^ {2}up +> 80 % +→ 4 +4 m 0 s of 6 m, 2 m more$/m);
    assert.match(stdout, /^ {2}up +> 60 % +→ 3 +reached: 6 m 0 s of 6 m$/m);
    assert.match(stdout, /^ {2}down +< 30 % +→ 1 +not crossed$/m);
    assert.match(stdout, /^memory +500 MB must remain after a raise, 3000 MB available$/m);
    assert.match(stdout, /^Decision: cpu 83 % > 60 % for 6 m 0 s \(needs 6 m\) → 3 workers$/m);
  });

  test('says when, counted from the last sample', () => {
    const { stdout } = explain({ cpu: [50, 83, 83] }, 'shop.service', '--json');
    const { v, next, hold } = assertDocumented('explain', stdout) as Explanation;
    assert.deepEqual([v, hold, next?.to], [2, 'duration', 4]);
    // of the next run, that of the last being 48 s old
    assert.ok(next !== null && next.in_s > 30 && next.in_s <= 72, String(next?.in_s));
    const at = /at (\d\d:\d\d)/.exec(explainAgain('shop').stdout)?.[1];
    const due = new Date(next.at);
    assert.equal(at, due.toTimeString().slice(0, 5));
  });

  test('its limits are those of now, and a window of time that opens is foreseen', () => {
    const night = { name: 'night', ...windowNow('open'), max_workers: 3 };
    const late = { name: 'late', ...windowNow('later'), min_workers: 4 };
    const keys = { schedules: [night, late], cooldown_minutes: 90 };
    const { stdout } = explain({ cpu: [50, 50, 50], keys }, 'shop');
    assert.match(stdout, /^min, max +1 to 3 workers \(schedule "night"\)$/m);
    const { next } = JSON.parse(explainAgain('shop', '--json').stdout) as Explanation;
    assert.equal(next?.to, 4);
    assert.match(next.reason, /schedule "late" sets 4 to 4 workers/);
    // of the first run within the window
    assert.ok(next.in_s > 3600 - 60 && next.in_s <= 3600 + 120, String(next.in_s));
  });

  test('a first look foretells nothing', () => {
    const { stdout } = explain({ cpu: [95], isFirst: true }, 'shop');
    assert.match(
      stdout,
      /^cpu 95 % \(measured over half a second only: it counts from the next run/m,
    );
    assert.match(stdout, /^ {2}up +> 80 % +→ 4 +not counted yet$/m);
    assert.match(stdout, /^If cpu does not count: no change within 15 m$/m);
    const { next } = JSON.parse(explainAgain('shop', '--json').stdout) as Explanation;
    assert.equal(next, null);
  });

  test('the share of the CPU that it has used, and whether that held it back', () => {
    const keys = { min_own_cpu_share: 10, cpu_duration_minutes: 2 };
    const idle = explain({ cpu: [90, 90], keys, cpuCores: 0.09 }, 'shop');
    assert.match(
      idle.stdout,
      /^own CPU share +acts +host cpu 90 % > 80 % for 2 m 0 s, but shop used 5 % of it \(needs 10 %\)$/m,
    );
    rmSync(folder, { recursive: true });
    folder = makeFolder();
    const busy = explain({ cpu: [50, 50], keys, cpuCores: 0.5 }, 'shop', '--json');
    const { limits } = assertDocumented('explain', busy.stdout) as Explanation;
    assert.deepEqual(
      limits.find(({ limit }) => limit === 'own_cpu_share'),
      {
        ...{ limit: 'own_cpu_share', acted: false },
        text: "for a raise by the host's CPU it must have used 10 % of the busy CPU; it used 50 % at the last sample",
      },
    );
  });

  test('a pin and a pause are limits too', () => {
    const { config } = recordHost(folder, { cpu: [50, 50] });
    autoscaler(['--config', config, 'pin', 'shop', '2', '--for', '2h']);
    autoscaler(['--config', config, 'pause', 'shop', '--only', 'down']);
    const { stdout } = explainAgain('shop');
    assert.match(stdout, /^paused +acts +pinned to 2 workers until /m);
  });

  test('says that nothing would follow', () => {
    const { stdout } = explain({ cpu: [50, 50, 50] }, 'shop');
    assert.match(stdout, /^If cpu stays at 50 %: no change within 15 m$/m);
  });

  test('tells what the last run did', () => {
    const { stdout } = explain(
      { cpu: [90, 90, 90, 90, 90], change: { to: 3, result: 'undone' } },
      'shop',
    );
    assert.match(stdout, /If cpu stays at 90 %/);
  });

  test('a name that no project has is wrong usage, and the known ones are named', () => {
    const { code, stderr } = explain({ cpu: [50] }, 'shops');
    assert.equal(code, 64);
    assert.match(stderr, /"shops": no such project[^]*mean shop\?/);
  });

  test('without any sample it fails, with the command that helps', () => {
    const { code, stderr } = explain({ cpu: [] }, 'shop');
    assert.equal(code, 1);
    assert.match(stderr, /nothing has been recorded yet\nMake a run: sudo autoscaler run/);
  });
});

function explainAgain(...args: string[]): Ended {
  return autoscaler(['--config', `${folder}/config.json`, 'explain', ...args]);
}
