import { countProcessors } from '../../../src/targets/systemd/unit-sources.ts';
import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { toUnitMemory } from '../../../src/targets/systemd/unit-facts.ts';
import type { UnitState } from '../../../src/model/unit-state.ts';
import { readUnits } from '../../../src/targets/systemd/units.ts';

let root: string;
const units = new Map<string, UnitState>();

const at = (name: string): string => join(root, `${name}.env`);

/** A Gunicorn that takes its workers from a file with `settings`. */
function makeUnit(name: string, settings: string | null, absent: UnitState): UnitState {
  const fragmentPath = join(root, `${name}.service`);
  writeFileSync(fragmentPath, '[Service]\nExecStart=/usr/bin/gunicorn -w $WORKERS app:app\n');
  if (settings !== null) writeFileSync(at(name), settings);
  const environmentFiles = [{ path: at(name), optional: false }];
  return {
    ...absent,
    unit: `${name}.service`,
    id: `${name}.service`,
    fragmentPath,
    environmentFiles,
  };
}

before(async () => {
  root = mkdtempSync(join(tmpdir(), 'autoscaler-facts-'));
  // a name that systemd cannot know is answered without it
  const absent = (await readUnits(['no such.service'])).get('no such.service');
  assert.ok(absent !== undefined);
  for (const name of ['same', 'edited0', 'edited1', 'dropped', 'young']) {
    units.set(name, makeUnit(name, 'WORKERS=3\n', absent));
  }
  units.set('refused', makeUnit('refused', null, absent));
  units.set('threads', {
    ...makeUnit('threads', 'WORKERS=3\n', absent),
    workingDirectory: root,
  });
  writeFileSync(join(root, 'gunicorn.conf.py'), 'threads = 4\n');
  // older than what counts as young
  await sleep(2100);
});
after(() => {
  rmSync(root, { recursive: true });
});

describe('what is known of a unit', () => {
  test('how its workers serve, also from a config file that its number is not in', async () => {
    const unit = units.get('threads')!;
    const memory = toUnitMemory();
    assert.deepEqual((await memory.readFacts(unit)).concurrency?.threads, { text: '4' });
    writeFileSync(join(root, 'gunicorn.conf.py'), 'threads = 8\n');
    assert.deepEqual((await memory.readFacts(unit)).concurrency?.threads, { text: '8' });
  });

  test('is found once as long as none of its files has changed', async () => {
    const unit = units.get('same')!;
    const memory = toUnitMemory();
    const found = await memory.readFacts(unit);
    assert.ok(found.location.how !== 'refused' && found.location.workers === 3);
    assert.deepEqual(found.concurrency?.workerClass, null);
    assert.ok(memory.hasChanged);
    // as the next run gets it
    const kept = toUnitMemory(JSON.parse(JSON.stringify(memory.units)) as typeof memory.units);
    assert.deepEqual(await kept.readFacts(unit), found);
    assert.ok(!kept.hasChanged);
  });

  const EDITS: { title: string; edit: (path: string) => void }[] = [
    {
      title: 'was rewritten to the same length and its time was set back',
      edit: (path) => {
        writeFileSync(path, 'WORKERS=4\n');
        utimesSync(path, 1_000_000_000, 1_000_000_000);
      },
    },
    {
      title: 'was replaced',
      edit: (path) => {
        writeFileSync(`${path}.new`, 'WORKERS=4\n');
        renameSync(`${path}.new`, path);
      },
    },
  ];
  for (const [index, { title, edit }] of EDITS.entries()) {
    test(`is found again where a file that it names ${title}`, async () => {
      const unit = units.get(`edited${index}`)!;
      const memory = toUnitMemory();
      const { hash } = await memory.readFacts(unit);
      edit(at(`edited${index}`));
      const { location } = await memory.readFacts(unit);
      assert.ok(location.how !== 'refused' && location.workers === 4);
      assert.notEqual((await memory.readFacts(unit)).hash, hash);
    });
  }

  test('is found again where systemd names another file of it', async () => {
    const unit = units.get('dropped')!;
    const memory = toUnitMemory();
    const { hash } = await memory.readFacts(unit);
    const dropIn = join(root, 'more.conf');
    writeFileSync(dropIn, '[Service]\n# more\n');
    const changed = await memory.readFacts({ ...unit, dropInPaths: [dropIn] });
    assert.notEqual(changed.hash, hash);
  });

  test('is not kept where a file is so young that it may change without showing it', async () => {
    const unit = units.get('young')!;
    writeFileSync(at('young'), 'WORKERS=3\n');
    const memory = toUnitMemory();
    const { location } = await memory.readFacts(unit);
    assert.ok(location.how !== 'refused');
    assert.deepEqual(memory.units, {});
  });

  test('is not kept where its number cannot be found', async () => {
    const unit = units.get('refused')!;
    const memory = toUnitMemory();
    assert.equal((await memory.readFacts(unit)).location.how, 'refused');
    assert.deepEqual(memory.units, {});
  });

  test('counts only on a host with as many processors', async () => {
    const unit = units.get('same')!;
    const memory = toUnitMemory();
    await memory.readFacts(unit);
    for (const [more, hasChanged] of [
      [0, false],
      [1, true],
    ] as const) {
      const next = toUnitMemory(structuredClone(memory.units));
      Object.assign(next, { cpus: countProcessors() + more });
      await next.readFacts(unit);
      assert.equal(next.hasChanged, hasChanged);
    }
  });
});
