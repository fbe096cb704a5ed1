// Runs test files with Node's test runner in the order in which they are given: `node --test` sorts them by name.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';

/** Tests of pure code share a few processes: one of its own costs a file half a second of a processor before it begins. */
const PURE =
  /\/test\/(?:decide|kinds|metrics|model|output|config\/(?:file|policy|rules)|targets)\/.*(?<!properties)\.test\.ts$/;
const PROCESSES = 3;

const files = process.argv.slice(2).map((file) => resolve(file));
const pure = files.filter((file) => PURE.test(file));
const folder = mkdtempSync(join(tmpdir(), 'autoscaler-tests-'));
process.on('exit', () => rmSync(folder, { recursive: true }));
const shared = Array.from({ length: pure.length > 0 ? PROCESSES : 0 }, (_, part) => {
  const own = pure.filter((_, index) => index % PROCESSES === part);
  const path = join(folder, `pure-${part}.test.mjs`);
  writeFileSync(path, own.map((file) => `await import(${JSON.stringify(file)});\n`).join(''));
  return path;
});

// most of the time they wait for a service or a duration, so more than there are processors; at most six hosts at once
const tests = run({
  files: [...files.filter((file) => !PURE.test(file)), ...shared],
  concurrency: 6,
});
tests.on('test:fail', () => (process.exitCode = 1));
tests.compose(new spec()).pipe(process.stdout);
