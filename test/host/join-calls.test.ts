import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { joinCalls } from '../../src/host/join-calls.ts';

/** Work that ends when it is told to. */
function makeWork() {
  const rounds: { asked: string[]; end: (error?: Error) => void }[] = [];
  const work = (asked: string[]): Promise<number> =>
    new Promise((resolve, reject) => {
      const number = rounds.length + 1;
      rounds.push({ asked, end: (error) => (error ? reject(error) : resolve(number)) });
    });
  return { rounds, work };
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
}

describe('joinCalls', () => {
  test('what is asked for at once is answered by one call', async () => {
    const { rounds, work } = makeWork();
    const call = joinCalls(work);
    const answers = Promise.all([call('a'), call('b')]);
    await settle();
    rounds[0]?.end();
    assert.deepEqual(await answers, [1, 1]);
    assert.deepEqual(rounds[0]?.asked, ['a', 'b']);
  });

  test('what is asked for while one is under way gets one that begins afterwards, shared by all of them', async () => {
    const { rounds, work } = makeWork();
    const call = joinCalls(work);
    const first = call('a');
    await settle();
    const later = Promise.all([call('b'), call('c')]);
    await settle();
    assert.equal(rounds.length, 1, 'one at a time');
    rounds[0]?.end();
    await settle();
    assert.deepEqual(rounds[1]?.asked, ['b', 'c']);
    rounds[1]?.end();
    assert.deepEqual([await first, await later], [1, [2, 2]]);
  });

  test('others may join while it is waited for its moment', async () => {
    const { rounds, work } = makeWork();
    let go = (): void => undefined;
    const call = joinCalls(work, () => new Promise((resolve) => (go = resolve)));
    const first = call('a');
    await settle();
    const second = call('b');
    assert.equal(rounds.length, 0);
    go();
    await settle();
    rounds[0]?.end();
    assert.deepEqual([await first, await second, rounds[0]?.asked], [1, 1, ['a', 'b']]);
  });

  test('one that fails fails for those who share it, and for nobody after them', async () => {
    const { rounds, work } = makeWork();
    const call = joinCalls(work);
    const first = call('a');
    await settle();
    const second = call('b');
    rounds[0]?.end(new Error('no'));
    await assert.rejects(first, /no/);
    await settle();
    rounds[1]?.end();
    assert.equal(await second, 2);
  });

  test('so does what is waited for before it', async () => {
    let fails = true;
    const call = joinCalls(
      () => Promise.resolve(1),
      () => (fails ? Promise.reject(new Error('not now')) : Promise.resolve()),
    );
    await assert.rejects(call('a'), /not now/);
    fails = false;
    assert.equal(await call('b'), 1);
  });
});
