import type { KindName } from '../../model/types.ts';
import type { Word } from './chars.ts';
import type { Env } from './env.ts';
import type { FileFacts } from './source.ts';

/** What a command is to a kind: its workers are sized, it goes beside workers, or it is something else. */
export type CommandRole = 'worker' | 'aside' | 'other';

/** What a command finds when it starts. `cwd` null: not known. */
export interface Context {
  env: Env;
  cwd: string | null;
  readFile: (path: string) => string | null;
  factsOf: (path: string) => FileFacts;
  /** the interpreter that runs the program, or the command of a project that stands for it; null: neither */
  runBy: string | null;
}

/** A program that a command line comes down to; `argv` begins with its own name. */
export interface Program {
  /** its role to its kind; `asgi`, `unknown`: it is of none */
  is: CommandRole | 'asgi' | 'unknown';
  /** null: it is of none */
  kind: KindName | null;
  argv: Word[];
  context: Context;
  /** `unknown` alone: its words without those of its interpreter; missing: they cannot be told apart */
  own?: Word[];
}
