import type { Readable, Writable } from 'node:stream';
import { formatFault } from '../../config/file/fault.ts';
import { findConfigPath } from '../../config/file/read.ts';
import { loadConfig } from '../shared/load-config.ts';
import type { LoadedConfig } from '../../config/file/loaded-config.ts';
import { readPoliciesAt } from '../../config/policy/policies-at.ts';
import { startSimulation, type Simulation } from '../../decide/simulate.ts';
import type { ExitCode } from '../../errors.ts';
import { cleanLine } from '../../output/clean.ts';
import { makeVisible } from '../../host/visible.ts';
import { SHIPPED_INTERVAL_S } from '../../targets/systemd/timer-interval.ts';
import { guardStdout } from '../../host/streams.ts';

/** `samples`: a history file, or `-` for standard input. */
export interface SimulateOptions {
  config?: string;
  samples: string;
  json?: boolean;
  quiet?: boolean;
}

/** Where a simulation reads and writes; the process itself outside of tests. */
export interface SimulateIo {
  stdin: Readable;
  stdout: Writable;
  stderr: Writable;
}

/**
 * `simulate`: what the config would have decided on recorded samples. Throws a UserError (78, 77) for a config or a
 * file of samples that is wrong or cannot be read; a wrong line of standard input is answered in its place (exit 1).
 */
export async function simulateCommand(
  options: SimulateOptions,
  io: SimulateIo = process,
): Promise<ExitCode> {
  if (io.stdout === process.stdout) guardStdout();
  const warn = (text: string): void => {
    if (options.quiet !== true) io.stderr.write(`autoscaler: ${makeVisible(cleanLine(text))}\n`);
  };
  const loaded = await loadConfig(findConfigPath(options.config));
  const { config, warnings } = loaded;
  for (const fault of warnings) warn(formatFault(fault));
  const intervalMs = findIntervalS(loaded) * 1000;
  const simulation: Simulation = startSimulation(await readPoliciesAt(config), intervalMs);
  if (options.samples === '-') {
    const { answerSamples } = await import('./stream.ts');
    return answerSamples(simulation, io);
  }
  const { simulateFile } = await import('./file.ts');
  return simulateFile(simulation, options.samples, options.json === true, io, warn);
}

/**
 * What counts as a gap in what was recorded. The timer may have been made quicker since: where the config leaves the
 * interval to it, samples as far apart as it ships are none.
 */
function findIntervalS({ config, isIntervalGiven }: LoadedConfig): number {
  const seconds = config.global.check_interval_seconds;
  return isIntervalGiven ? seconds : Math.max(seconds, SHIPPED_INTERVAL_S);
}
