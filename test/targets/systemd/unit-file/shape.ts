import type { UnitSources } from '../../../../src/targets/systemd/unit-file/syntax/types.ts';

/**
 * A unit in some form, and what is expected of it. In its text `«3»` marks the number that counts and
 * that is edited in place; what is expected of our drop-in is as it reads for 17 workers.
 */
export interface Shape {
  /** the rule that it shows */
  name: string;
  /** ExecStart of /etc/systemd/system/web.service, or the whole text in `text` */
  exec?: string;
  text?: string;
  unit?: string;
  path?: string;
  dropIns?: Record<string, string>;
  envFiles?: Record<string, string | null>;
  files?: Record<string, string>;
  shared?: string[];
  edit?: 'drop-in';
  /** what the config says that it runs */
  kind?: string;
  /** why a file is not root's alone, by path */
  foreign?: Record<string, string>;
  /** our environment file, as it is on disk */
  ourEnvironment?: string;
  /** where links lead, by path */
  links?: Record<string, string>;
  cwd?: string;
  /** where it is not what is marked */
  workers?: number;
  what?: string;
  /** set by our drop-in: its lines below `[Service]` */
  dropIn?: string[];
  /** and the line of the environment file that these name */
  environment?: string;
  why?: RegExp;
  /** our drop-in's path where it is not the usual one, and the older ones that it takes the place of */
  at?: string;
  replaces?: string[];
  /** what ours repeats stands there no more */
  stale?: true;
  /** what it says of the number while nothing runs, which counts then */
  whenDown?: RegExp;
  /** what counts no more once our drop-in is there; null: nothing */
  overrules?: RegExp | null;
  /** refused: the code, and what the message and hint must say */
  refused?: string;
  says?: RegExp;
}

/** Shapes of ExecStart alone, a line each: `rule | ExecStart`. */
export function shapeTable(rows: string, refused?: string): Shape[] {
  return rows
    .split('\n')
    .filter((row) => row.includes(' | '))
    .map((row) => {
      const [name = '', ...exec] = row.split(' | ');
      const shape = { name: name.trim(), exec: exec.join(' | ').trim() };
      return refused === undefined ? shape : { ...shape, refused };
    });
}

/** Where the number stands that a shape marks, and the number. */
export interface Mark {
  path: string;
  start: number;
  end: number;
  workers: number;
}

/** The sources that a shape stands for, on a host with 4 processors, and its mark. */
export function sourcesOf(shape: Shape): { sources: UnitSources; mark: Mark | null } {
  const unit = shape.unit ?? 'web.service';
  const files = shape.files ?? {};
  let mark: Mark | null = null;
  const unmarked = (path: string, text: string): string => {
    const marked = /«(.*?)»/.exec(text);
    const digits = marked?.[1];
    if (!marked || digits === undefined) return text;
    const start = marked.index;
    mark = { path, start, end: start + digits.length, workers: Number(digits) };
    return text.replace(marked[0], digits);
  };
  const path = shape.path ?? `/etc/systemd/system/${unit}`;
  const text = shape.text ?? `[Unit]\nDescription=web\n\n[Service]\nExecStart=${shape.exec}\n`;
  const sources: UnitSources = {
    unit,
    fragment: { path, text: unmarked(path, text) },
    dropIns: Object.entries(shape.dropIns ?? {}).map(([dropIn, content]) => ({
      path: dropIn,
      text: unmarked(dropIn, content),
    })),
    environmentFiles: Object.entries(shape.envFiles ?? {}).map(([file, content]) => ({
      path: file,
      text: content === null ? null : unmarked(file, content),
    })),
    workingDirectory: shape.cwd ?? null,
    readFile: (file: string) => files[file] ?? null,
    factsOf: (file: string) => ({
      realPath: shape.links?.[file] ?? file,
      foreign: shape.foreign?.[file] ?? null,
      fault: null,
      isMissing: !(file in files),
    }),
    ourEnvironment: shape.ourEnvironment ?? null,
    sharedPaths: new Set(shape.shared),
    edit: shape.edit ?? 'in-place',
    cpus: 4,
    kind: shape.kind,
  };
  return { sources, mark };
}
