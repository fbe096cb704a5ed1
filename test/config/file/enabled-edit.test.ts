import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parseDocument, readValue } from '../../../src/config/file/document.ts';
import { editEnabled } from '../../../src/config/file/enabled-edit.ts';

const edit = (text: string, enabled: boolean, project = 'a'): string =>
  editEnabled(parseDocument('c.json', text), project, enabled);

describe('"enabled" is set in place', () => {
  const table: [name: string, before: string, enabled: boolean, after: string][] = [
    [
      'where it stands, comments and all',
      '{"projects":{"a":{"x":1, /* k */ "enabled" : false /* z */,} } } // end',
      true,
      '{"projects":{"a":{"x":1, /* k */ "enabled" : true /* z */,} } } // end',
    ],
    [
      'on a line of its own where the first key is, as deep as that and with the same end',
      '{"projects": {\r\n\t"a": { // shop\r\n\t\t"x": 1\r\n}}}',
      false,
      '{"projects": {\r\n\t"a": { // shop\r\n\t\t"enabled": false,\r\n\t\t"x": 1\r\n}}}',
    ],
    [
      'after a comment above the first key',
      '{"projects": {"a": {\n  // why\n  "x": 1\n}}}',
      false,
      '{"projects": {"a": {\n  // why\n  "enabled": false,\n  "x": 1\n}}}',
    ],
    [
      'on the same line where that is how it is written',
      '{"projects": {"a": { "x": 1 }}}',
      false,
      '{"projects": {"a": { "enabled": false, "x": 1 }}}',
    ],
    [
      'after a byte order mark',
      '\uFEFF{"projects": {"a": {"enabled": true}}}',
      false,
      '\uFEFF{"projects": {"a": {"enabled": false}}}',
    ],
    [
      'of the very project that is meant',
      '{"projects": {"b": {"enabled": true}, "a": {"enabled": true}}}',
      false,
      '{"projects": {"b": {"enabled": true}, "a": {"enabled": false}}}',
    ],
  ];
  for (const [name, before, enabled, after] of table) {
    test(name, () => assert.equal(edit(before, enabled), after));
  }

  test('all other bytes unchanged, and it says what was asked for, in any layout', () => {
    const gap = fc.constantFrom(
      '',
      ' ',
      '\n',
      '\r\n  ',
      ' // note\n\t',
      ' /* { "enabled": true } */ ',
    );
    const layout = fc.record({
      gaps: fc.array(gap, { minLength: 7, maxLength: 7 }),
      written: fc.constantFrom(true, false, null),
      isLast: fc.boolean(),
      enabled: fc.boolean(),
    });
    fc.assert(
      fc.property(layout, ({ gaps: [first, ...rest], written, isLast, enabled }) => {
        const own = written === null ? [] : [`"enabled"${rest[0]}:${rest[1]}${written}`];
        const keys = isLast ? ['"x":1', ...own] : [...own, '"x":1'];
        const body = keys.join(`${rest[2]},${rest[3]}`);
        const text = `${first}{"projects":{"a":{${rest[4]}${body}${rest[5]}},"b":{"y":2}}}`;
        const after = edit(text, enabled);
        const a = isLast && written !== null ? { x: 1, enabled } : { enabled, x: 1 };
        const expected = { projects: { a, b: { y: 2 } } };
        const value = readValue(parseDocument('c.json', after));
        assert.equal(JSON.stringify(value), JSON.stringify(expected));
        if (written === null) {
          // what was added, taken out again
          const at = [...text].findIndex((char, index) => char !== after[index]);
          const added = after.slice(at, at + after.length - text.length);
          assert.equal(after.slice(0, at) + after.slice(at + added.length), text);
          assert.match(added, /enabled": (?:true|false),\s+"?$/);
        } else {
          const back = edit(after, written);
          assert.equal(back, text);
        }
      }),
    );
  });
});
