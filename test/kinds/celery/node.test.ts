import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { nodeNameOf } from '../../../src/kinds/celery/node.ts';

const CELERY = ['/usr/bin/python3', '/usr/bin/celery', '-A', 'shop', 'worker'];
const HOST = 'box.example.org';

describe('the name of a Celery node', () => {
  const rows: [name: string, argv: string[], node: string][] = [
    ['no name: celery on this host', CELERY, 'celery@box.example.org'],
    ['-n with %h', [...CELERY, '-n', 'w1@%h'], 'w1@box.example.org'],
    ['-n with its value attached', [...CELERY, '-nw1@%h'], 'w1@box.example.org'],
    ['-n behind flags in one word', [...CELERY, '-En', 'w1@%n'], 'w1@box'],
    ['--hostname as one word', [...CELERY, '--hostname=w1@%d'], 'w1@example.org'],
    ['--hostname as two words', [...CELERY, '--hostname', 'w1@x'], 'w1@x'],
    ['the last one counts', [...CELERY, '-n', 'a@x', '-n', 'b@x'], 'b@x'],
    ['a name without @ is the part behind it', [...CELERY, '-n', 'w1'], 'celery@w1'],
    ['nothing behind the @', [...CELERY, '-n', 'w1@'], 'w1@box.example.org'],
    ['nothing before the @', [...CELERY, '-n', '@x'], 'celery@x'],
    ['the index of the process is that of the main one', [...CELERY, '-n', 'w%i%I@x'], 'w0@x'],
    ['a title', ['[celeryd: w1@x:MainProcess] -active- (worker -n no@x)'], 'w1@x'],
  ];
  for (const [name, argv, node] of rows) {
    test(name, () => assert.equal(nodeNameOf(argv, new Map(), HOST), node));
  }

  test('CELERY_WORKER_HOSTNAME counts where no option is given', () => {
    const environment = new Map([['CELERY_WORKER_HOSTNAME', 'env@%h']]);
    assert.equal(nodeNameOf(CELERY, environment, HOST), 'env@box.example.org');
    assert.equal(nodeNameOf([...CELERY, '-n', 'w1@x'], environment, HOST), 'w1@x');
  });
});
