import type { GlobalOptions } from '../shared/global-options.ts';
import { loadConfig } from '../shared/load-config.ts';
import { findConfigPath } from '../../config/file/read.ts';
import { EXIT, type ExitCode } from '../../errors.ts';
import { writeOut } from '../../host/streams.ts';

/**
 * What the shells' completions ask for: the names of the projects, one a line.
 *
 * @throws UserError where the config cannot be read, so that they offer units instead
 */
export async function completeCommand(options: GlobalOptions): Promise<ExitCode> {
  const { config } = await loadConfig(findConfigPath(options.config));
  const names = Object.keys(config.projects);
  writeOut(names.map((name) => `${name}\n`).join(''));
  return EXIT.ok;
}
