import { applySplices } from '../../src/unit-file/splice.ts';
import { locateWorkers } from '../../src/unit-file/workers.ts';
import { CELERY } from '../unit-file/shapes-celery.ts';
import { GUNICORN } from '../unit-file/shapes-gunicorn.ts';
import { MERGE } from '../unit-file/shapes-merge.ts';
import { sourcesOf, type Shape } from '../unit-file/shape.ts';
import { median, spreadOf, type Row } from './table.ts';

const ROUNDS = 200;

/** Finding the number in each shape that is edited in place, and putting another in: the slowest of them. */
export function measureUnitFiles(): Row[] {
  const shapes = [...GUNICORN, ...CELERY, ...MERGE].filter(
    (shape) => shape.refused === undefined && shape.dropIn === undefined,
  );
  const slowest = shapes
    .map((shape) => ({ name: shape.name, times: timeShape(shape, ROUNDS) }))
    .reduce((a, b) => (median(a.times) > median(b.times) ? a : b));
  const [small, large] = [timeShape(longShape(100_000), 9), timeShape(longShape(1_000_000), 9)];
  const growth = median(large) / median(small) / 10;
  return [
    {
      ...{ what: 'unit file, read and rewritten', value: median(slowest.times), unit: ' ms' },
      ...{ spread: spreadOf(slowest.times), bar: 1, alarm: 1 },
      detail: `the slowest of ${shapes.length} shapes: ${slowest.name}`,
    },
    {
      ...{
        what: 'unit file of 1 MB against 10 of 100 KB',
        value: growth,
        unit: ' ×',
        spread: null,
      },
      ...{ bar: 1.5, alarm: 2.5 },
      detail: `${median(large).toFixed(1)} ms / 10 x ${median(small).toFixed(1)} ms (linear is 1)`,
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
      applySplices(text, [{ path, start, end, insert: '17' }]);
    }
    times.push(performance.now() - started);
  }
  return times;
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
