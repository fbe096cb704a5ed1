import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';

const read = (name: string): string =>
  readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');

/** Code blocks, and the text without them. */
function takeApart(text: string): { blocks: string[]; prose: string } {
  const blocks: string[] = [];
  const prose = text.replace(/^ *```[\s\S]*?^ *```$/gm, (block) => {
    blocks.push(block);
    return '';
  });
  return { blocks, prose };
}

/** The code spans of a text, as they are written. */
function codeOf(text: string): string[] {
  return [...text.matchAll(/`[^`]+`/g)].map(([code]) => code);
}

/** The first cell of each row, by what must not be translated in it: its code, or else its digits. */
function keysOf(prose: string): string[] {
  return [...prose.matchAll(/^\| ((?:[^|\\]|\\.)*) \|/gm)].map(([, cell = '']) => {
    const code = codeOf(cell);
    return code.length > 0 ? code.join(' ') : cell.replace(/[^\d:]/g, '');
  });
}

/** By section, so that a difference is told where it is. */
function sectionsOf(prose: string): { level: string; text: string }[] {
  return prose
    .split(/^(?=#+ )/m)
    .filter((text) => text.startsWith('#'))
    .map((text) => ({ level: /^#+/.exec(text)![0], text }));
}

const english = takeApart(read('README.md'));
const spanish = takeApart(read('README.es.md'));

describe('README.es.md is in step with README.md', () => {
  test('its headings, by level', () => {
    const levels = ({ prose }: typeof english): string[] =>
      sectionsOf(prose).map(({ level }) => level);
    assert.deepEqual(levels(spanish), levels(english));
  });

  test('its code blocks, byte for byte', () => assert.deepEqual(spanish.blocks, english.blocks));

  const translated = sectionsOf(spanish.prose);
  for (const [index, { text }] of sectionsOf(english.prose).entries()) {
    const title = text.slice(0, text.indexOf('\n'));
    test(`${title}: the keys of its tables, and the same code and paths in any order`, () => {
      const other = translated[index]?.text ?? '';
      assert.deepEqual(keysOf(other), keysOf(text));
      assert.deepEqual(codeOf(other).sort(), codeOf(text).sort());
    });
    test(`${title}: as many points and rows`, () => {
      const count = (part: string, pattern: RegExp): number => part.match(pattern)?.length ?? 0;
      const other = translated[index]?.text ?? '';
      for (const pattern of [/^(?:-|\d+\.) /gm, /^\| /gm]) {
        assert.equal(count(other, pattern), count(text, pattern));
      }
    });
  }

  test('each leads to the other', () => {
    assert.ok(read('README.md').slice(0, 400).includes('(README.es.md)'));
    assert.ok(read('README.es.md').slice(0, 400).includes('(README.md)'));
  });
});
