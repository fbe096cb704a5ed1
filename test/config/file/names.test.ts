import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatKey, type KeyPath } from '../../../src/config/file/fault.ts';
import { maskUrl } from '../../../src/config/file/mask.ts';
import { findNameFault, unitName } from '../../../src/config/schema/service-name.ts';

describe('names of services', () => {
  const rows: [name: string, unit: string][] = [
    ['shop', 'shop.service'],
    ['shop.service', 'shop.service'],
    ['shop.prod', 'shop.prod.service'],
    ['web@shop', 'web@shop.service'],
    ['a:b_c\\x2d.d', 'a:b_c\\x2d.d.service'],
    ['x'.repeat(247), `${'x'.repeat(247)}.service`],
  ];
  for (const [name, unit] of rows) {
    test(`${name.slice(0, 20)} is accepted`, () => {
      assert.equal(unitName(name), unit);
      assert.equal(findNameFault(unit), null);
    });
  }
  const bad = ['', '-a', 'a b', 'a/b', 'a\n', 'ñ', '*', 'web@', '@a', 'a.timer', 'x'.repeat(248)];
  for (const name of bad) {
    test(`${JSON.stringify(name.slice(0, 20))} is refused`, () => {
      assert.notEqual(findNameFault(unitName(name)), null);
    });
  }
});

describe('passwords are hidden', () => {
  const rows: [text: string, shown: string][] = [
    ['redis://localhost:6379/0', 'redis://localhost:6379/0'],
    ['redis://:secret@localhost/0', 'redis://:***@localhost/0'],
    ['redis://shop:secret@localhost/0', 'redis://shop:***@localhost/0'],
    ['amqp://secret@host//', 'amqp://***@host//'],
    ['redis://:sec@ret/x:y@host', 'redis://:***@host'],
    ['sentinel://:secret@a:1;sentinel://:secret@b:2', 'sentinel://:***@b:2'],
    ['redis:/shop:secret@host', 'redis:/shop:***@host'],
    ['redis://host?password=secret&db=1', 'redis://host?password=***&db=1'],
    ['web@shop.service', 'web@shop.service'],
    ['', ''],
  ];
  for (const [text, shown] of rows) {
    test(text || 'no text', () => assert.equal(maskUrl(text), shown));
  }
});

describe('keys as people read them', () => {
  const rows: [path: KeyPath, shown: string][] = [
    [[], ''],
    [['global', 'log_file'], 'global.log_file'],
    [['projects', 'shop', 'queues', 0], 'projects.shop.queues[0]'],
    [['projects', 'my.shop', 'apply'], 'projects["my.shop"].apply'],
    [['projects', 'web@a-b'], 'projects.web@a-b'],
    [['projects', 'a\nb'], 'projects["a\\nb"]'],
    [[''], '[""]'],
  ];
  for (const [path, shown] of rows) {
    test(JSON.stringify(path), () => assert.equal(formatKey(path), shown));
  }
});
