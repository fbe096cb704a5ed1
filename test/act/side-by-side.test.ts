import { describe, test, type TestContext } from 'node:test';
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { openSideBySide, type Limits, type SideBySide } from '../../src/act/side-by-side.ts';

const PATIENCE_MS = 5_000;

/** Jobs that end when they are told to, and what became of each. */
class Yard {
  readonly beside: SideBySide;
  readonly begun: string[] = [];
  readonly ended = new Set<string>();
  private readonly ends = new Map<string, () => void>();
  private readonly getsOn = new Map<string, () => void>();

  constructor(limits: Partial<Limits> = {}) {
    this.beside = openSideBySide({ places: 2, patienceMs: PATIENCE_MS, ...limits });
  }

  add(...names: string[]): this {
    for (const name of names) void this.addRelated(name, []);
    return this;
  }

  /** `alice/web`: the owner and the unit; `web#1`: the unit and which of its jobs */
  async addRelated(name: string, touches: string[]): Promise<void> {
    const [unit = ''] = name.split('#');
    const [owner = unit] = unit.split('/');
    await this.beside.add({
      ...{ unit, touches: new Set(touches), owner },
      work: (getsOn) => {
        this.begun.push(name);
        this.getsOn.set(name, getsOn);
        return new Promise<void>((resolve) => this.ends.set(name, resolve));
      },
    });
    this.ended.add(name);
  }

  getOn(name: string): void {
    this.getsOn.get(name)?.();
  }

  async end(...names: string[]): Promise<void> {
    for (const name of names) this.ends.get(name)?.();
    await settle();
  }
}

/** Lets all that is ready happen. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
}

function mockTime(t: TestContext): (ms: number) => Promise<void> {
  let nowMs = 0;
  t.mock.timers.enable({ apis: ['setTimeout'] });
  t.mock.method(performance, 'now', () => nowMs);
  return async (ms) => {
    nowMs += ms;
    t.mock.timers.tick(ms);
    await settle();
  };
}

describe('side by side', () => {
  test('as many as there are places, in the order in which they were added', async () => {
    const yard = new Yard().add('a', 'b', 'c', 'd');
    await settle();
    assert.deepEqual(yard.begun, ['a', 'b']);
    await yard.end('b');
    assert.deepEqual(yard.begun, ['a', 'b', 'c']);
    await yard.end('a', 'c');
    await yard.end('d');
    assert.deepEqual([...yard.ended], ['b', 'a', 'c', 'd']);
  });

  test('answers what the work answers, and a failure frees the place too', async () => {
    const beside = openSideBySide({ places: 1 });
    const failing = beside.add({ unit: 'a', work: () => Promise.reject(new Error('no')) });
    const second = beside.add({ unit: 'b', work: () => Promise.resolve(7) });
    await assert.rejects(failing, /no/);
    assert.equal(await second, 7);
    await beside.ended();
  });

  test('a service is never worked on twice at once; those behind it need not wait', async () => {
    const yard = new Yard().add('a#1', 'a#2', 'b');
    await settle();
    assert.deepEqual(yard.begun, ['a#1', 'b']);
    await yard.end('a#1');
    assert.deepEqual(yard.begun, ['a#1', 'b', 'a#2']);
  });

  for (const [touching, touched] of [
    ['a', 'b'],
    ['b', 'a'],
  ] as const) {
    test(`${touched} is restarted with ${touching}: one after the other`, async () => {
      const yard = new Yard();
      for (const name of ['a', 'b', 'c']) {
        void yard.addRelated(name, name === touching ? [touched] : []);
      }
      await settle();
      assert.deepEqual(yard.begun, ['a', 'c']);
      await yard.end('a');
      assert.deepEqual(yard.begun, ['a', 'c', 'b']);
    });
  }

  test('two that restart a third one, which is not changed, have nothing to do with one another', async () => {
    const yard = new Yard();
    for (const name of ['a', 'b']) void yard.addRelated(name, ['shared.target']);
    await settle();
    assert.deepEqual(yard.begun, ['a', 'b']);
  });
});

describe('one that is slow', () => {
  test('gives its place up after a while, and goes on', async (t) => {
    const pass = mockTime(t);
    const yard = new Yard().add('a', 'b', 'c', 'd');
    await pass(PATIENCE_MS - 1);
    assert.deepEqual(yard.begun, ['a', 'b']);
    await pass(1);
    assert.deepEqual(yard.begun, ['a', 'b', 'c', 'd']);
    assert.equal(yard.ended.size, 0);
  });

  test('keeps its place for as long again when it gets on', async (t) => {
    const pass = mockTime(t);
    const yard = new Yard().add('a', 'b', 'c');
    await pass(PATIENCE_MS - 1);
    yard.getOn('a');
    await yard.end('b');
    assert.deepEqual(yard.begun, ['a', 'b', 'c']);
    yard.add('d');
    await pass(PATIENCE_MS - 1);
    assert.deepEqual(yard.begun, ['a', 'b', 'c']);
    await pass(1);
    assert.deepEqual(yard.begun, ['a', 'b', 'c', 'd']);
  });

  test('does not take a place back', async (t) => {
    const pass = mockTime(t);
    const yard = new Yard().add('a', 'b');
    await pass(PATIENCE_MS);
    yard.add('c', 'd', 'e');
    yard.getOn('a');
    await settle();
    assert.deepEqual(yard.begun, ['a', 'b', 'c', 'd']);
  });

  test('keeps its place no longer than the longest time, however much it gets on', async (t) => {
    const pass = mockTime(t);
    const yard = new Yard({ places: 1, longestMs: 3 * PATIENCE_MS }).add('a', 'b');
    for (let passed = 0; passed < 3 * PATIENCE_MS - 1000; passed += 1000) {
      await pass(1000);
      yard.getOn('a');
    }
    assert.deepEqual(yard.begun, ['a']);
    await pass(1000);
    assert.deepEqual(yard.begun, ['a', 'b']);
  });

  test('one that computes counts for more among those without a place', async (t) => {
    const pass = mockTime(t);
    const limits = { places: 1, longestMs: PATIENCE_MS + 1000, most: 9 };
    const yard = new Yard(limits).add('a', 'b', 'c', 'd');
    await pass(2000);
    yard.getOn('a');
    await pass(PATIENCE_MS - 1000);
    assert.deepEqual(yard.begun, ['a', 'b'], 'a has a weight of 3');
    await pass(PATIENCE_MS);
    assert.deepEqual(yard.begun, ['a', 'b', 'c'], 'b only waits');
    await pass(PATIENCE_MS);
    assert.deepEqual(yard.begun, ['a', 'b', 'c'], 'no more than 9, and a place counts 3');
    await yard.end('a');
    assert.deepEqual(yard.begun, ['a', 'b', 'c', 'd']);
  });

  test('still keeps away what is restarted with it', async (t) => {
    const pass = mockTime(t);
    const yard = new Yard().add('a#1', 'a#2');
    await pass(PATIENCE_MS);
    assert.deepEqual(yard.begun, ['a#1']);
  });

  test('where too many are slow nothing more is begun, until one of them has ended', async (t) => {
    const pass = mockTime(t);
    const yard = new Yard({ most: 12 }).add('a', 'b', 'c', 'd', 'e', 'f');
    await pass(PATIENCE_MS);
    await pass(PATIENCE_MS);
    // with four that wait and one that begins; a sixth would make it 13
    assert.deepEqual(yard.begun, ['a', 'b', 'c', 'd', 'e']);
    await pass(PATIENCE_MS);
    assert.deepEqual(yard.begun, ['a', 'b', 'c', 'd', 'e']);
    await yard.end('a');
    assert.deepEqual(yard.begun, ['a', 'b', 'c', 'd', 'e', 'f']);
  });
});

describe('an owner of many that are slow', () => {
  const SECONDS = 1000;
  /** 16 that compute for ever while they load, as they are in a run with the limits that it has */
  function hang(t: TestContext) {
    const pass = mockTime(t);
    const yard = new Yard({ places: 4, patienceMs: 4 * SECONDS });
    const names = Array.from({ length: 16 }, (_, index) => `alice/${index}`);
    const wait = async (seconds: number): Promise<void> => {
      for (let passed = 0; passed < seconds; passed++) {
        await pass(SECONDS);
        for (const name of names) yard.getOn(name);
      }
    };
    return { yard, names, wait, begunOf: () => yard.begun.filter((name) => /alice/.test(name)) };
  }

  test('delays nobody else: theirs have the next place, and all that is free after them', async (t) => {
    const { yard, names, wait, begunOf } = hang(t);
    yard.add(...names, 'bob/1', 'bob/2', 'carl/1');
    await wait(11);
    assert.equal(yard.begun.length, 4);
    await wait(1);
    assert.deepEqual(yard.begun.slice(4), ['bob/1', 'carl/1', 'bob/2', 'alice/4']);
    await yard.end('bob/1', 'bob/2', 'carl/1');
    await wait(60);
    assert.equal(begunOf().length, 12, 'no more of hers');
  });

  test('nor those that come when hers have been at it for long, as after a recovery', async (t) => {
    const { yard, names, wait, begunOf } = hang(t);
    yard.add(...names);
    await wait(60);
    assert.equal(begunOf().length, 12);
    yard.add('bob/1', 'carl/1', 'dave/1', 'erin/1');
    await settle();
    assert.deepEqual(yard.begun.slice(12), ['bob/1', 'carl/1', 'dave/1', 'erin/1']);
    await yard.end('bob/1', 'alice/0');
    assert.deepEqual(yard.begun.slice(16), ['alice/12']);
  });

  test('one of several owners is served in the order of what was added, while none has more under way', async () => {
    const yard = new Yard({ places: 3 }).add('a/1', 'a/2', 'b/1', 'c/1', 'b/2');
    assert.deepEqual(yard.begun, ['a/1', 'a/2', 'b/1']);
    await yard.end('a/1', 'a/2');
    assert.deepEqual(yard.begun, ['a/1', 'a/2', 'b/1', 'c/1', 'b/2']);
  });
});

describe('calm: there is nothing to do but to wait', () => {
  const isCalm = ({ beside }: Yard): boolean => beside.calmSinceMs() !== null;

  test('from the beginning, and not while something gets on', async (t) => {
    const pass = mockTime(t);
    const yard = new Yard();
    await yard.beside.calm();
    yard.add('a');
    await settle();
    assert.equal(isCalm(yard), false);
    let isHeard = false;
    void yard.beside.calm().then(() => (isHeard = true));
    await pass(PATIENCE_MS);
    assert.deepEqual([isCalm(yard), isHeard], [true, true]);
    yard.add('b');
    assert.equal(isCalm(yard), false);
    await yard.end('b');
    assert.equal(isCalm(yard), true);
  });

  test('also while what is restarted with a slow one waits for it', async (t) => {
    const pass = mockTime(t);
    const yard = new Yard().add('a#1', 'a#2');
    await pass(PATIENCE_MS);
    assert.equal(isCalm(yard), true);
    await yard.end('a#1');
    assert.equal(isCalm(yard), false);
  });

  test('ended: when all of it is over', async () => {
    const yard = new Yard().add('a', 'b', 'c');
    let isOver = false;
    void yard.beside.ended().then(() => (isOver = true));
    await yard.end('a', 'b');
    assert.equal(isOver, false);
    await yard.end('c');
    assert.equal(isOver, true);
  });
});

test('whatever ends, hangs or is related: never too many at work, never two related ones, all get their turn', async () => {
  const jobs = fc.array(
    fc.record({
      unit: fc.integer({ min: 0, max: 6 }),
      touches: fc.uniqueArray(fc.integer({ min: 0, max: 6 }), { maxLength: 2 }),
      ms: fc.integer({ min: 0, max: 12 }),
    }),
    { minLength: 1, maxLength: 12 },
  );
  await fc.assert(
    fc.asyncProperty(jobs, async (list) => {
      const patienceMs = 5;
      const beside = openSideBySide({
        places: 2,
        patienceMs,
        longestMs: 100,
        most: 10,
        mostOfOne: 5,
      });
      const running = new Set<(typeof list)[number]>();
      const work = list.map((job) =>
        beside.add({
          ...{ unit: String(job.unit), touches: new Set(job.touches.map(String)) },
          owner: String(job.unit % 2),
          work: async () => {
            for (const other of running) {
              assert.notEqual(other.unit, job.unit);
              assert.ok(!other.touches.includes(job.unit) && !job.touches.includes(other.unit));
            }
            running.add(job);
            assert.ok(running.size <= 4, `${running.size} at once`);
            const own = [...running].filter(({ unit }) => unit % 2 === job.unit % 2);
            assert.ok(own.length <= 2, `${own.length} of one owner at once`);
            await new Promise((resolve) => setTimeout(resolve, job.ms));
            running.delete(job);
          },
        }),
      );
      await Promise.all(work);
      await beside.ended();
      assert.notEqual(beside.calmSinceMs(), null);
    }),
    { numRuns: 60 },
  );
});
