import type { GlobalOptions } from './commands/global-options.ts';
import { EXIT } from './errors.ts';
import { HELP_WIDTH, helpWidth } from './help-width.ts';
import { writeOut } from './streams.ts';

/** What `--help` prints at its usual width: the build puts it in. Not there when the program runs from its sources. */
declare const HELP: string | undefined;

/** The calls that are made all the time, by the timer and by people; their words are joined by NUL. */
const PLAIN: Record<string, (options: GlobalOptions) => Promise<number>> = {
  run: async (options) => {
    const { runCommand } = await import('./commands/run.ts');
    return runCommand(options);
  },
  status: async (options) => {
    const { statusCommand } = await import('./commands/status.ts');
    return statusCommand({ ...options, watch: null });
  },
  'metrics\0all': async (options) => {
    const { metricsCommand } = await import('./commands/metrics.ts');
    return metricsCommand({ ...options, metric: 'all' });
  },
};

/**
 * What a call does that consists of its command alone, and perhaps of `--config FILE`: there is nothing to be parsed, so
 * commander, which takes a tenth of a run's time, need not be loaded. null: commander has to see it.
 */
export function findPlainCall(words: readonly string[]): (() => Promise<number>) | null {
  if (words.length === 1 && (words[0] === '--help' || words[0] === '-h')) return findHelp();
  const at = words.indexOf('--config');
  const config = words[at + 1] ?? '';
  if (at >= 0 && (config === '' || config.startsWith('-'))) return null;
  const name = (at < 0 ? words : words.toSpliced(at, 2)).join('\0');
  const call = Object.hasOwn(PLAIN, name) ? PLAIN[name] : undefined;
  if (call === undefined) return null;
  return () => call({ color: true, ...(at >= 0 && { config }) });
}

/** null: it has to be laid out anew. */
function findHelp(): (() => Promise<number>) | null {
  if (typeof HELP === 'undefined' || helpWidth('stdout') !== HELP_WIDTH) return null;
  const text = HELP;
  return () => {
    writeOut(text);
    return Promise.resolve(EXIT.ok);
  };
}
