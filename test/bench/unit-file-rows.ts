import { PerformanceObserver } from 'node:perf_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import { applySplices } from '../../src/model/splice.ts';
import { locateWorkers } from '../../src/targets/systemd/unit-file/locate/workers.ts';
import { CELERY } from '../targets/systemd/unit-file/shapes-celery.ts';
import { GUNICORN } from '../targets/systemd/unit-file/shapes-gunicorn.ts';
import { MERGE } from '../targets/systemd/unit-file/shapes-merge.ts';
import { sourcesOf, type Shape } from '../targets/systemd/unit-file/shape.ts';
import { median, spreadOf, type Row } from './table.ts';

const ROUNDS = 200;
/** Of a small file and a large one, by turns. */
const GROWTH_ROUNDS = 15;

/** Finding the number in each shape that is edited in place, and putting another in: the slowest of them. */
export async function measureUnitFiles(): Promise<Row[]> {
  const shapes = [...GUNICORN, ...CELERY, ...MERGE].filter(
    (shape) => shape.refused === undefined && shape.dropIn === undefined,
  );
  const slowest = shapes
    .map((shape) => ({ name: shape.name, times: timeShape(shape, ROUNDS) }))
    .reduce((a, b) => (median(a.times) > median(b.times) ? a : b));
  const { small, large, wholeLarge } = await timeGrowth();
  return [
    {
      ...{ what: 'unit file, read and rewritten', value: median(slowest.times), unit: ' ms' },
      ...{ spread: spreadOf(slowest.times), bar: 1, alarm: 1 },
      detail: `the slowest of ${shapes.length} shapes: ${slowest.name}`,
    },
    {
      ...{
        what: 'unit file of 250 KB against 10 of 25 KB',
        value: large / small / 10,
        unit: ' ×',
        spread: null,
      },
      // linear is 1, quadratic 10
      ...{ bar: 1.5, alarm: 4 },
      detail: `${large.toFixed(1)} ms / 10 x ${small.toFixed(1)} ms (linear is 1); with V8's collections ${wholeLarge.toFixed(1)} ms`,
    },
  ];
}

function timeShape(shape: Shape, rounds: number): number[] {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const { sources } = sourcesOf(shape);
    const started = performance.now();
    const location = locateWorkers(sources);
    if (location.how === 'splice') {
      const { path, start, end } = location;
      const files = [sources.fragment, ...sources.dropIns, ...sources.environmentFiles];
      const text = files.find((file) => file?.path === path)?.text ?? '';
      applySplices(text, [{ start, end, insert: '17' }]);
    }
    times.push(performance.now() - started);
  }
  return times;
}

/**
 * Milliseconds of a file of 25 KB and of one of 250 KB, as large as is read, by turns, once both are warm. V8 collects garbage in the middle of
 * one and between several of the other: that is taken off, and what is left is the work itself.
 */
async function timeGrowth(): Promise<{ small: number; large: number; wholeLarge: number }> {
  let collectedMs = 0;
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) collectedMs += duration;
  });
  observer.observe({ entryTypes: ['gc'] });
  const timeOne = async (shape: Shape): Promise<{ own: number; whole: number }> => {
    await turn();
    collectedMs = 0;
    const [whole = NaN] = timeShape(shape, 1);
    // told in a later turn
    await turn();
    await turn();
    return { own: whole - collectedMs, whole };
  };
  const shapes = { small: longShape(25_000), large: longShape(250_000) };
  timeShape(shapes.small, 20);
  timeShape(shapes.large, 2);
  const times = { small: [] as number[], large: [] as number[], wholeLarge: [] as number[] };
  for (let round = 0; round < GROWTH_ROUNDS; round++) {
    times.small.push((await timeOne(shapes.small)).own);
    const { own, whole } = await timeOne(shapes.large);
    times.large.push(own);
    times.wholeLarge.push(whole);
  }
  observer.disconnect();
  const { small, large, wholeLarge } = times;
  return { small: median(small), large: median(large), wholeLarge: median(wholeLarge) };
}

/** A unit that is long by what may make one long: comments and variables. */
function longShape(bytes: number): Shape {
  const lines = ['[Unit]', 'Description=web', '[Service]'];
  for (let length = 0; length < bytes; length += lines.at(-1)!.length + 1) {
    lines.push(lines.length % 2 === 0 ? `# comment ${length}` : `Environment=V${length}=value`);
  }
  lines.push('ExecStart=/usr/bin/gunicorn --workers «3» app:app', '');
  return { name: `${bytes} bytes`, text: lines.join('\n') };
}
