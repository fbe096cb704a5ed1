import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { resolveBroker } from '../../src/queues/broker.ts';
import { readQueues } from '../../src/queues/read-queues.ts';
import { BACKENDS, findBackend, listSchemes, schemePattern } from '../../src/queues/registry.ts';

const SECRET = 's3cret';

describe('the kinds of broker', () => {
  test('each scheme belongs to one of them, and each option key too', () => {
    const schemes = listSchemes({ withAliases: true });
    assert.equal(new Set(schemes).size, schemes.length);
    const keys = BACKENDS.flatMap(({ optionKeys }) => Object.keys(optionKeys));
    assert.equal(new Set(keys).size, keys.length);
  });

  for (const backend of BACKENDS) {
    for (const [scheme, { port, tls }] of Object.entries(backend.schemes)) {
      test(`${backend.name}: ${scheme}:// is resolved with its defaults`, () => {
        const place = tls === null ? '/run/x.sock' : `u:${SECRET}@[::1]`;
        const url = `${scheme}://${place}`;
        const options = { master_name: 'mymaster' };
        assert.equal(findBackend(url), backend);
        assert.match(url, new RegExp(`^${schemePattern()}`));
        const broker = resolveBroker({ url, options });
        assert.equal(broker.backend, backend);
        assert.equal(broker.servers[0].port, port);
        assert.equal(broker.tls !== null, tls === true);
        const named = backend.nameServer(broker.servers[0]);
        assert.ok(named.startsWith(`${backend.name} at `), named);
        assert.ok(!named.includes(SECRET), named);
        assert.equal(backend.findFault({ url, options }), null);
        const other = resolveBroker({
          url: url.replace('[::1]', '[::2]').replace('x.', 'y.'),
          options,
        });
        assert.notEqual(broker.connection, other.connection);
      });
    }
  }

  test('a URL of none of them is an error that shows the forms', () => {
    for (const url of ['http://x', 'redis', 'constructor://x', 'toString://x', '']) {
      assert.throws(() => resolveBroker({ url }), /redis:\/\/HOST.* or amqp:\/\/USER/);
    }
  });

  test('an empty part before the first URL does not count', () => {
    assert.equal(resolveBroker({ url: ';redis://a' }).servers[0].host, 'a');
  });

  const ports: [url: string, settings: object, port: number][] = [
    ['amqp://h', {}, 5672],
    ['amqp://h', { ssl: true }, 5671],
    ['pyamqp://h', { ssl: true }, 5671],
    ['amqps://h', {}, 5671],
    ['redis://h', { ssl: true }, 6379],
    ['redis://h:1', { ssl: true }, 1],
  ];
  for (const [url, settings, port] of ports) {
    test(`${url} ${JSON.stringify(settings)}: port ${port}`, () => {
      assert.equal(resolveBroker({ url, ...settings }).servers[0].port, port);
    });
  }
});

test('an address on a network that this host does not have is an error in plain words', async () => {
  const url = 'redis://[fe80::1%25none9]:6379/0';
  const lengths = await readQueues([{ project: 'shop', url, queues: ['celery'] }]);
  assert.equal(
    lengths.get('shop')?.error?.text,
    'redis at [fe80::1%none9]:6379: this host has no route to such an address',
  );
});
