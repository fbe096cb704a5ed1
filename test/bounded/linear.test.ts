import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { build } from 'esbuild';
import { growthOf, lengthsOf, MOST_GROWTH, type Cost } from './cost.ts';
import { READERS } from './readers.ts';

const MOST_MB = 150;
/** Nobody but root writes these, and their parsers make an object of everything. */
const TRUSTED = ['the config', 'projects of the config', 'a manifest', 'a line of the history'];

/** Each reader has a process of its own, without the compiler that tests are run by: its memory is measured too. */
describe(
  'what others have written costs time by its length, and little memory',
  {
    concurrency: availableParallelism(),
  },
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'autoscaler-cost-'));
    const program = join(folder, 'cost.mjs');

    before(() =>
      build({
        entryPoints: [resolve(import.meta.dirname, 'cost.ts')],
        ...{ bundle: true, platform: 'node', format: 'esm', outfile: program },
        mainFields: ['module', 'main'],
      }),
    );
    after(() => rmSync(folder, { recursive: true }));

    for (const [name, reader] of Object.entries(READERS)) {
      test(name, async () => {
        const child = spawn(process.execPath, ['--expose-gc', program, name], {
          stdio: ['ignore', 'pipe', 'inherit'],
        });
        const [answer] = await Promise.all([text(child.stdout), once(child, 'exit')]);
        const { byShape, peakMb } = JSON.parse(answer) as Cost;
        const lengths = lengthsOf(reader).map((length) => `${length / 1024} KB`);
        const slow = Object.entries(byShape).filter(([, times]) => growthOf(times) > MOST_GROWTH);
        assert.deepEqual(
          Object.fromEntries(slow),
          {},
          `ms of a processor for ${lengths.join(', ')}`,
        );
        if (!TRUSTED.includes(name)) assert.ok(peakMb < MOST_MB, `it held ${peakMb} MB`);
      });
    }
  },
);
