/**
 * What reading and rewriting a unit file costs: `npx tsx test/bench/unit-files.ts`. Medians in one
 * process, once it is warm; for the shapes each in turn, for the large ones against a tenth of them.
 */
import { applySplices } from '../../src/model/splice.ts';
import { locateWorkers } from '../../src/targets/systemd/unit-file/locate/workers.ts';
import { type Shape, sourcesOf } from '../targets/systemd/unit-file/shape.ts';
import { CELERY } from '../targets/systemd/unit-file/shapes-celery.ts';
import { DROP_IN } from '../targets/systemd/unit-file/shapes-drop-in.ts';
import { GUNICORN } from '../targets/systemd/unit-file/shapes-gunicorn.ts';
import { HIDDEN } from '../targets/systemd/unit-file/shapes-hidden.ts';
import { LARGE } from '../targets/systemd/unit-file/shapes-large.ts';
import { MERGE } from '../targets/systemd/unit-file/shapes-merge.ts';
import { REFUSED } from '../targets/systemd/unit-file/shapes-refused.ts';

const BAR_MS = 1;
/** Nearly as large as is read in all of these forms. */
const LARGE_BYTES = 30_000;

const shapes = [...GUNICORN, ...CELERY, ...MERGE, ...DROP_IN, ...HIDDEN, ...REFUSED];
for (const shape of shapes) medianMs(shape, 20);
const rows = shapes.map((shape) => ({ name: shape.name, ms: medianMs(shape, 200) }));
rows.sort((a, b) => b.ms - a.ms);
const slowest = rows[0]?.ms ?? 0;
console.log(`${shapes.length} shapes, read and rewritten, median of 200:`);
for (const { name, ms } of rows.slice(0, 5)) console.log(`  ${ms.toFixed(3)} ms  ${name}`);
console.log(
  `  the slowest: ${slowest.toFixed(3)} ms, bar ${BAR_MS} ms: ${slowest <= BAR_MS ? 'held' : 'NOT held'}`,
);

console.log('large files, median of 5: 3 KB, 30 KB, ratio (10: linear)');
for (const { name, make } of LARGE) {
  const tenth = medianMs(shapeOf(make(LARGE_BYTES / 10)), 5);
  const whole = medianMs(shapeOf(make(LARGE_BYTES)), 5);
  const figures = [tenth, whole].map((ms) => `${ms.toFixed(1)} ms`.padStart(9)).join(' ');
  console.log(`  ${figures} ${(whole / tenth).toFixed(1).padStart(5)}  ${name}`);
}

function shapeOf(text: string): Shape {
  return { name: '', text };
}

/** Reading the unit's texts and making its new one. */
function medianMs(shape: Shape, rounds: number): number {
  const { sources } = sourcesOf(shape);
  const times = Array.from({ length: rounds }, () => {
    const start = performance.now();
    const found = locateWorkers(sources);
    if (found.how === 'splice') {
      const files = [sources.fragment, ...sources.dropIns, ...sources.environmentFiles];
      const text = files.find((file) => file?.path === found.path)?.text ?? '';
      applySplices(text, [{ ...found, insert: '17' }]);
    } else if (found.how === 'drop_in') found.text(17);
    return performance.now() - start;
  });
  return times.sort((a, b) => a - b)[rounds >> 1] ?? 0;
}
