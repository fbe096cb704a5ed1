import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab } from '../../lab/lab.ts';
import { enqueue } from '../../lab/services.ts';

/** What the traces say: a task that left none is lost, one that left two is doubled. */
export interface TaskResult {
  tasks: number;
  lost: number;
  doubled: number;
}

const SECONDS = 0.4;
const IN_QUEUE = 12;

/** Keeps tasks waiting until `stop`, which waits until all have ended and counts their traces. */
export async function startTasks(lab: Lab): Promise<{ stop: () => Promise<TaskResult> }> {
  await lab.ok('redis-cli -n 15 flushdb && redis-cli -n 0 del celery');
  let tasks = 0;
  let stopped = false;
  const waiting = async () => Number(await lab.ok('redis-cli -n 0 llen celery'));
  const feed = (async () => {
    while (!stopped) {
      const missing = IN_QUEUE - (await waiting());
      if (missing > 0) {
        const first = tasks;
        await enqueue(lab, missing, 'tasks.trace', (i) => [first + i, SECONDS]);
        tasks += missing;
      }
      await sleep(500);
    }
  })();
  return {
    stop: async () => {
      stopped = true;
      await feed;
      await lab.until(async () => (await waiting()) === 0, { what: 'an empty queue' });
      const counts = await settled(lab, tasks);
      return {
        tasks,
        lost: counts.filter((count) => count === 0).length,
        doubled: counts.filter((count) => count > 1).length,
      };
    },
  };
}

/** The traces of all tasks, once they no longer change: what has been lost never comes. */
async function settled(lab: Lab, tasks: number): Promise<number[]> {
  const keys = Array.from({ length: tasks }, (_, id) => `trace:${id}`).join(' ');
  let before = '';
  for (;;) {
    const text = await lab.ok(`redis-cli -n 15 mget ${keys}`);
    if (text === before) return text.split('\n').slice(0, tasks).map(Number);
    before = text;
    await sleep(SECONDS * 1000 * 5);
  }
}
