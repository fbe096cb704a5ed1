import { EXIT, UserError } from '../../errors.ts';
import { maskUrl } from './mask.ts';

/** Keys from the top of the config down to a value. */
export type KeyPath = readonly (string | number)[];

/** What is wrong at one place of a config file, or, as a warning, what is odd. */
export interface Fault {
  file: string;
  /** both count from 1; a column counts UTF-16 units */
  line: number;
  column: number;
  /** such as `projects.backcore.max_workers`; empty: the file as a whole */
  key: string;
  found: string;
  /** null: `found` says it all */
  expected: string | null;
  /** the edit that helps */
  hint: string | null;
}

/** A config with faults: all of them in the message, one a line, and as data. */
export class ConfigError extends UserError {
  readonly faults: Fault[];

  constructor(found: Fault[]) {
    const faults = inFileOrder(found);
    const count = faults.length === 1 ? 'a fault' : `${faults.length} faults`;
    super(EXIT.config, [`the config has ${count}:`, ...faults.map(formatFault)]);
    this.name = 'ConfigError';
    this.faults = faults;
  }
}

/** Faults as the reader of the file meets them. */
export function inFileOrder(faults: Fault[]): Fault[] {
  return faults.toSorted((a, b) => a.line - b.line || a.column - b.column);
}

/** A fault as one line: `FILE:LINE:COLUMN: KEY: expected …, found …; hint`. */
export function formatFault(fault: Fault): string {
  const where = [`${fault.file}:${fault.line}:${fault.column}`, fault.key].filter(Boolean);
  const what =
    fault.expected === null ? fault.found : `expected ${fault.expected}, found ${fault.found}`;
  return `${where.join(': ')}: ${what}${fault.hint === null ? '' : `; ${fault.hint}`}`;
}

/** `projects.backcore.queues[0]`; a name that would make this ambiguous is quoted: `projects["my.shop"]`. */
export function formatKey(path: KeyPath): string {
  return path
    .map((part, index) => {
      if (typeof part === 'number') return `[${part}]`;
      if (!/^[\w$@-]{1,60}$/.test(part)) return `[${quote(part)}]`;
      return index === 0 ? part : `.${part}`;
    })
    .join('');
}

/** Text of the config as people may see it: quoted, without passwords, shortened. */
export function quote(text: string): string {
  return JSON.stringify(shorten(maskUrl(text)));
}

/** Long text cut to one that fits a line. */
export function shorten(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 58)}…`;
}
