import { makeVisible } from '../host/visible.ts';

/** A metric with all its series, as Prometheus' text format groups them. */
export interface Family {
  /** by its conventions: base units, `_total` for counters */
  name: string;
  type: 'gauge' | 'counter';
  help: string;
  series: Series[];
}

export interface Series {
  labels: Record<string, string>;
  value: number;
}

/** Prometheus' text format, version 0.0.4; a family without series is left out. */
export function renderFamilies(families: readonly Family[]): string {
  return families
    .filter(({ series }) => series.length > 0)
    .map(({ name, type, help, series }) =>
      [
        `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`,
        `# TYPE ${name} ${type}`,
        ...series.map(({ labels, value }) => `${nameSeries(name, labels)} ${value}`),
      ].join('\n'),
    )
    .map((text) => `${text}\n`)
    .join('');
}

/** `name{project="shop"}` */
export function nameSeries(name: string, labels: Record<string, string>): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}="${escape(value)}"`);
  return pairs.length === 0 ? name : `${name}{${pairs.join(',')}}`;
}

/** The format knows these three escapes alone, and a reader refuses all of a file that has another. */
function escape(value: string): string {
  const lines = value.split('\n').map(makeVisible).join('\n');
  return lines.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
