import type { Fault } from './fault.ts';
import type { Config } from '../schema/schema.ts';

/** A config without faults. */
export interface LoadedConfig {
  config: Config;
  /** what is odd but does no harm */
  warnings: Fault[];
  path: string;
  /** whether it says `check_interval_seconds`; where it does not, that is as often as the timer fires */
  isIntervalGiven: boolean;
  /** it is the example of the installation, as that has left it */
  isExample: boolean;
}
