import type { Fault } from './fault.ts';
import type { Config } from './schema.ts';

/** A config without faults. */
export interface LoadedConfig {
  config: Config;
  /** what is odd but does no harm */
  warnings: Fault[];
  path: string;
}
