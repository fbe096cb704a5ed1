import type { UnitSources } from '../../src/unit-file/types.ts';

/** A unit in some form, and what is expected of it. Lines are as they read after a change to 17. */
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
  cwd?: string;
  workers?: number;
  /** edited in place: the one line that is changed, and in which file where not the main one */
  line?: string;
  in?: string;
  what?: string;
  /** set by our drop-in: its lines below `[Service]` */
  dropIn?: string[];
  why?: RegExp;
  /** refused: the code, and what the message and hint must say */
  refused?: string;
  says?: RegExp;
}

/** The sources that a shape stands for, on a host with 4 processors. */
export function sourcesOf(shape: Shape): UnitSources {
  const unit = shape.unit ?? 'web.service';
  const files = shape.files ?? {};
  return {
    unit,
    fragment: {
      path: shape.path ?? `/etc/systemd/system/${unit}`,
      text: shape.text ?? `[Unit]\nDescription=web\n\n[Service]\nExecStart=${shape.exec}\n`,
    },
    dropIns: Object.entries(shape.dropIns ?? {}).map(([path, text]) => ({ path, text })),
    environmentFiles: Object.entries(shape.envFiles ?? {}).map(([path, text]) => ({ path, text })),
    workingDirectory: shape.cwd ?? null,
    readFile: (path) => files[path] ?? null,
    sharedPaths: new Set(shape.shared),
    cpus: 4,
  };
}
