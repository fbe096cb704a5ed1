import type { Fault } from './fault.ts';

/** What is said of a config that is the example of the installation, and what to do. */
export const EXAMPLE = {
  text: 'this is the example of the installation, which does not describe this host',
  hint: 'sudo autoscaler init finds the services of this host and writes a config for them',
} as const;

/** The same among the warnings of a config. */
export function reportExample(file: string): Fault {
  const { text: found, hint } = EXAMPLE;
  return { file, line: 1, column: 1, key: '', found, expected: null, hint };
}
