import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parse } from 'jsonc-parser';
import { addProjects } from '../../../src/config/file/add-projects.ts';
import { parseDocument } from '../../../src/config/file/document.ts';

const NEW = ['// new', '"new": {', '  "max_workers": 3', '}'];

function add(text: string, ...blocks: string[][]): string {
  return addProjects(parseDocument('/c.json', text), blocks.length === 0 ? [NEW] : blocks);
}

const CASES: [title: string, before: string, after: string][] = [
  [
    'behind the last project, in the way of the file',
    '{\n  "projects": {\n    "a": { "max_workers": 2 }\n  }\n}\n',
    '{\n  "projects": {\n    "a": { "max_workers": 2 },\n    // new\n    "new": {\n      "max_workers": 3\n    }\n  }\n}\n',
  ],
  [
    'a comma behind the last one stays a habit',
    '{ "projects": {\n  "a": {},\n}}',
    '{ "projects": {\n  "a": {},\n  // new\n  "new": {\n    "max_workers": 3\n  },\n}}',
  ],
  [
    'a comment stays with what it stands at',
    '{ "projects": {\n\t"a": {} // about a\n\t// the end\n} }',
    '{ "projects": {\n\t"a": {}, // about a\n\t// new\n\t"new": {\n\t\t"max_workers": 3\n\t}\n\t// the end\n} }',
  ],
  [
    'a comment between a project and its comma',
    '{ "projects": {\n  "a": {} /* , */\n  , // here\n} }',
    '{ "projects": {\n  "a": {} /* , */\n  , // here\n  // new\n  "new": {\n    "max_workers": 3\n  },\n} }',
  ],
  [
    'all on one line',
    '{"projects":{"a":{}}}',
    '{"projects":{"a":{},\n  // new\n  "new": {\n    "max_workers": 3\n  }\n}}',
  ],
  [
    'no project yet, but a comment',
    '{ "projects": {\n    // none\n  } }',
    '{ "projects": {\n    // none\n  // new\n  "new": {\n    "max_workers": 3\n  }\n  } }',
  ],
  [
    'no project yet',
    '{\r\n  "projects": {}\r\n}',
    '{\r\n  "projects": {\r\n    // new\r\n    "new": {\r\n      "max_workers": 3\r\n    }\r\n  }\r\n}',
  ],
];

describe('projects that are added to a config', () => {
  for (const [title, before, after] of CASES) {
    test(title, () => assert.equal(add(before), after));
  }

  test('several at once', () => {
    const text = add('{ "projects": { "a": {} } }', ['"b": {', '}'], ['"c": {', '}']);
    assert.deepEqual(parse(text), { projects: { a: {}, b: {}, c: {} } });
  });

  test('whatever the config looks like: they are there, and every other byte is as it was', () => {
    const blank = fc.constantFrom(
      '',
      ' ',
      '\n',
      '\n    ',
      '\t',
      ' /* {,} */ ',
      '// "}," \n',
      '\r\n',
    );
    const project = fc.tuple(blank, fc.constantFrom('{}', '{ "a": [1, "}"] }', '{\n}'), blank);
    const config = fc
      .tuple(
        fc.array(project, { maxLength: 3 }),
        fc.boolean(),
        blank,
        fc.constantFrom('', ', "global": {} // end'),
      )
      .map(([projects, comma, rest, more]) => {
        const all = projects.map(([before, value, after], index) => {
          const isLast = index === projects.length - 1;
          return `${before}"p${index}": ${value}${after}${isLast && !comma ? '' : ','}`;
        });
        return `{ "projects": {${all.join('')}${rest}}${more}\n}`;
      });
    fc.assert(
      fc.property(config, (text) => {
        const options = { allowTrailingComma: true };
        const errors: never[] = [];
        const after = add(text);
        const before = parse(text, [], options) as { projects: object };
        assert.deepEqual(parse(after, errors, options), {
          ...before,
          projects: { ...before.projects, new: { max_workers: 3 } },
        });
        assert.deepEqual(errors, []);
        assert.ok(isWithin(text, after));
      }),
      { numRuns: 1000 },
    );
  });
});

/** Whether all of a text stands in another one, in its order, but for what was added. */
function isWithin(text: string, longer: string): boolean {
  let at = 0;
  for (const character of longer) if (character === text[at]) at++;
  return at === text.length;
}
