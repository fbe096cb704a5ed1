import type { GlobalOptions } from '../shared/global-options.ts';
import { formatFault } from '../../config/file/fault.ts';
import { loadConfig } from '../shared/load-config.ts';
import { findConfigPath } from '../../config/file/read.ts';
import { EXIT } from '../../errors.ts';
import { readScreen } from '../../output/screen.ts';
import { renderStatus } from './report.ts';
import { openOutput } from '../../output/terminal.ts';
import { warn } from '../shared/log-events.ts';
import { gatherStatus } from './facts.ts';
import { writeOut } from '../../host/streams.ts';

export interface StatusOptions extends GlobalOptions {
  /** seconds between two looks; null: one look */
  watch: number | null;
  json?: boolean;
}

/** One screen that says how things stand, from what the last run recorded; nothing is measured or changed. */
export async function statusCommand(options: StatusOptions): Promise<number> {
  const { config, warnings, isExample } = await loadConfig(findConfigPath(options.config));
  await warn(options, 'config', warnings.map(formatFault));
  const look = async (): Promise<string> => {
    const report = { ...(await gatherStatus(config)), example: isExample };
    if (options.json === true) return `${JSON.stringify(report)}\n`;
    return renderStatus(report, readScreen(), openOutput(options));
  };
  if (options.watch === null) {
    writeOut(await look());
    return EXIT.ok;
  }
  const { watchScreen } = await import('./watch.ts');
  return watchScreen(look, options.watch * 1000);
}
