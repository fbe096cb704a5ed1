import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { TARGETS } from '../../src/targets/registry.ts';
import { TO, type StoryOf, type tellStory } from './target-story.ts';

type Story = Awaited<ReturnType<typeof tellStory>>;

/** What a target says of itself, for the contract: a running service with two workers whose number may be changed. */
export interface TargetCase extends StoryOf {
  workers: number;
  kind: string;
}

/** What each target has to pass; `tell` runs `tellStory` where the services are. */
export function targetContract(of: TargetCase, tell: (of: StoryOf) => Promise<Story>): void {
  let story: Story;
  before(async () => {
    story = await tell(of);
  });

  test('its name is a word, and no other target has it', () => {
    assert.match(of.target, /^[a-z]+$/);
    assert.equal(TARGETS.filter(({ name }) => name === of.target).length, 1);
  });

  test('find: the service is among all of them, and each is there once', () => {
    const { found } = story;
    assert.ok(found.includes(of.service));
    assert.equal(new Set(found).size, found.length);
  });

  test('state: one that runs, the same by another name and side by side, and one that is not there', () => {
    const { first, alias, beside, absent } = story.states;
    assert.deepEqual([first.unit, first.activeState], [of.service, 'active']);
    assert.ok(first.mainPid !== null && first.mainStartUs !== null);
    assert.deepEqual([alias.unit, alias.id, alias.mainPid], [of.alias, first.id, first.mainPid]);
    assert.deepEqual([beside?.id, beside?.mainPid], [first.id, first.mainPid]);
    assert.equal(absent?.mainPid, null);
    assert.notEqual(absent?.loadState, 'loaded');
  });

  test('locate: the number, and what runs; the next run knows it without reading', () => {
    const { location, command, facts, again, isCurrent } = story.located;
    assert.ok(location.how === 'known');
    assert.deepEqual([location.kind, location.workers], [of.kind, of.workers]);
    assert.equal(command?.kind, of.kind);
    assert.ok(command.words.length > 0);
    assert.deepEqual(again, facts);
    assert.ok(facts.location.how === 'known' && facts.location.workers === of.workers);
    assert.ok(isCurrent);
  });

  test('plan: edits as data, none where the number is there already, and nothing is changed by it', () => {
    const { kind, from, files, same } = story.planned;
    assert.deepEqual([kind, from, same], [of.kind, of.workers, []]);
    assert.ok(files.length > 0);
    assert.ok(files.every(({ before: was, after }) => was !== after));
  });

  test('plan: what a restart concerns is known: at least the service itself, and whose it is', () => {
    const { barrier, touches, owner } = story.restart;
    assert.equal(barrier, null);
    assert.ok(touches.includes(of.service));
    assert.equal(typeof owner, 'string');
  });

  test('apply: edits come into force and the running service stays as it is, until it is restarted', () => {
    const { isSameProcess, isReloaded, isNewProcess, located, isAgain } = story.applied;
    assert.deepEqual([isSameProcess, isReloaded, isNewProcess], [true, true, true]);
    assert.equal(located.location.how === 'known' && located.location.workers, TO);
    assert.notEqual(located.facts.hash, story.located.facts.hash);
    assert.equal(isAgain, 0, 'the same number again needs no edit');
  });

  test('verify: no fault in a service that is up, a final one in one that is gone', () => {
    const { fault, restarting, restartedSince } = story.applied;
    assert.deepEqual([fault, restarting, restartedSince], [null, null, null]);
    assert.equal(story.gone.fault?.isFinal, true);
    assert.match(story.gone.fault.why, /\S/);
  });

  test('undo: foreseen from the files as they will be, and then it is so', () => {
    const { foreseen, located, isAsBefore, fault } = story.undone;
    assert.equal(foreseen.how === 'known' && foreseen.workers, of.workers);
    assert.deepEqual(located.location, story.located.location);
    assert.equal(located.facts.hash, story.located.facts.hash);
    assert.deepEqual([isAsBefore, fault], [true, null]);
  });

  test('a command runs as the service does: its input, its end, the last that it said', () => {
    const { apart } = story;
    assert.deepEqual(apart, { exitCode: 3, isLate: false, said: 'two' });
  });
}
