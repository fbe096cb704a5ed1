import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MeasureError } from '../../src/model/measure-error.ts';
import { codeOf, toMeasureError } from '../../src/queues/broker-error.ts';
import { resolveBroker } from '../../src/queues/broker.ts';
import type { Broker, BrokerSettings } from '../../src/queues/queue.ts';
import { limitsFromNow } from '../../src/queues/try-servers.ts';

/** A running broker, and what is known of it. `settings` once it runs. */
export interface QueueCase {
  /** with a user who may do what Celery does */
  settings: () => BrokerSettings;
  /** a queue that is there, with so many waiting tasks */
  queue: string;
  tasks: number;
  /** wrong credentials, and what of them must not be shown */
  refused: () => BrokerSettings;
  secret: string;
  /** nobody listens there */
  unreachable: () => BrokerSettings;
}

const LIMITS = () => limitsFromNow(5000, 10_000);

/** What each kind of broker has to pass, on a real server. */
export function queueContract({ settings, queue, tasks, ...others }: QueueCase): void {
  const ask = async (broker: Broker, queues = [queue], wantsUnacked = false) => {
    const client = await broker.backend.load();
    return client.readLengths([{ broker, queues, wantsUnacked }], LIMITS());
  };

  test('contract: waiting tasks by queue; a queue that is not there is empty or missing', async () => {
    const [answer] = await ask(resolveBroker(settings()), [queue, 'contract-none']);
    assert.equal(answer?.queues.get(queue), tasks);
    assert.ok([0, 'missing'].includes(answer?.queues.get('contract-none') as number | 'missing'));
    assert.equal(answer?.unacked, undefined, 'nobody asked');
  });

  test('contract: requests on one connection are answered in their order', async () => {
    const broker = resolveBroker(settings());
    const client = await broker.backend.load();
    const answers = await client.readLengths(
      ['contract-none', queue].map((name) => ({ broker, queues: [name], wantsUnacked: false })),
      LIMITS(),
    );
    assert.deepEqual(
      answers.map(({ queues }) => [...queues.keys()]),
      [['contract-none'], [queue]],
    );
  });

  test('contract: unacknowledged tasks are a number, or the backend says why not', async () => {
    const broker = resolveBroker(settings());
    if (broker.backend.noUnacked !== null) {
      assert.ok(broker.backend.noUnacked.expected !== '' && broker.backend.noUnacked.hint !== '');
      return;
    }
    const [answer] = await ask(broker, [queue], true);
    assert.equal(typeof answer?.unacked, 'number');
  });

  test('contract: a refused login is an error in plain words, without the password', async () => {
    const [answer] = await ask(resolveBroker(others.refused())).catch((error: Error) => [
      { queues: new Map([[queue, toMeasureError(error)]]) },
    ]);
    const { code, text } = answer!.queues.get(queue) as MeasureError;
    assert.equal(code, 'broker_login');
    assert.match(text, /password|user|log/i);
    assert.ok(!text.includes(others.secret), text);
  });

  test('contract: a server that is not there is named in the error', async () => {
    const broker = resolveBroker(others.unreachable());
    const at = broker.backend.nameServer(broker.servers[0]);
    await assert.rejects(ask(broker), (error: Error) => {
      assert.ok(error.message.startsWith(`${at}: `), error.message);
      assert.equal(codeOf(error), 'broker_unreachable');
      return true;
    });
  });

  test('contract: a control message that nobody listens to has no answer, and the limit is kept', async () => {
    const broker = resolveBroker(settings());
    const client = await broker.backend.load();
    const message = {
      ...{ exchange: 'contract.pidbox', replyQueue: 'autoscaler.reply.contract' },
      ...{ ticket: 'contract', body: '{}' },
    };
    assert.deepEqual(await client.sendControl(broker, message, 300), []);
  });

  test('contract: bound queues are a list of names', async () => {
    const broker = resolveBroker(settings());
    const client = await broker.backend.load();
    const names = await client.listBoundQueues(broker, LIMITS());
    assert.ok(names.every((name) => typeof name === 'string' && name !== ''));
  });
}
