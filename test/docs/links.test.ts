import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, test } from 'node:test';

const ROOT = resolve(import.meta.dirname, '../..');
const DOCS = [
  ...readdirSync(ROOT).map((name) => join(ROOT, name)),
  ...readdirSync(join(ROOT, 'docs'), { recursive: true }).map((name) =>
    join(ROOT, 'docs', String(name)),
  ),
].filter((path) => path.endsWith('.md'));

/** The anchors of a document as a forge makes them of its headings. */
function anchorsOf(path: string): string[] {
  const headings = readFileSync(path, 'utf8').matchAll(/^#+ (.*)$/gm);
  return [...headings].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

describe('the documents', () => {
  for (const path of DOCS) {
    test(`${relative(ROOT, path)}: each link and each document that it names is there`, () => {
      const text = readFileSync(path, 'utf8').replace(/^```[\s\S]*?^```$/gm, '');
      const missing: string[] = [];
      for (const [, link = ''] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
        if (/^https?:/.test(link)) continue;
        const [file = '', anchor] = link.split('#');
        const target = file === '' ? path : resolve(dirname(path), file);
        if (!existsSync(target)) missing.push(link);
        else if (anchor !== undefined && !anchorsOf(target).includes(anchor)) missing.push(link);
      }
      for (const [, name = ''] of text.matchAll(/`(docs\/[a-z/-]+\.md)`/g)) {
        if (!existsSync(join(ROOT, name))) missing.push(name);
      }
      assert.deepEqual(missing, []);
    });
  }

  test('each of docs/ is in its index', () => {
    const index = readFileSync(join(ROOT, 'docs/README.md'), 'utf8');
    const names = readdirSync(join(ROOT, 'docs')).filter(
      (name) => name.endsWith('.md') && name !== 'README.md',
    );
    assert.deepEqual(
      names.filter((name) => !index.includes(`(${name})`)),
      [],
    );
  });

  test('each document that a message, a script or a unit names is there', () => {
    const missing: string[] = [];
    for (const folder of ['src', 'scripts', 'systemd', 'test']) {
      for (const name of readdirSync(join(ROOT, folder), { recursive: true }).map(String)) {
        if (!/\.(?:ts|mjs|sh|service|timer)$/.test(name)) continue;
        const text = readFileSync(join(ROOT, folder, name), 'utf8');
        for (const [path] of text.matchAll(/\bdocs\/[a-z-]+\.md\b/g)) {
          if (!existsSync(join(ROOT, path))) missing.push(`${folder}/${name}: ${path}`);
        }
      }
    }
    assert.deepEqual(missing, []);
  });

  test('README.md is one screen and some: at most 150 lines', () => {
    for (const name of ['README.md', 'README.es.md']) {
      assert.ok(readFileSync(join(ROOT, name), 'utf8').split('\n').length <= 151, name);
    }
  });
});
