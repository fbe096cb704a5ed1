// Runs test files with Node's test runner in the order in which they are given: `node --test` sorts them by name.
import { resolve } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';

// most of the time they wait for a service or a duration, so more than there are processors; at most five hosts at once
const tests = run({ files: process.argv.slice(2).map((file) => resolve(file)), concurrency: 5 });
tests.on('test:fail', () => (process.exitCode = 1));
tests.compose(new spec()).pipe(process.stdout);
