import { keepConfig, recallConfig } from '../../state/cache.ts';
import { readIntervalS } from '../../targets/systemd/timer-interval.ts';
import type { LoadedConfig } from './loaded-config.ts';
import { readConfigFile } from './read.ts';

/**
 * Reads and checks the config at `path`; the check interval is that of the timer where it does not say one. Throws a ConfigError (78) with all faults of its contents,
 * or a UserError where the file itself is missing or not trusted (78) or may not be read (77).
 */
export async function loadConfig(path: string): Promise<LoadedConfig> {
  const bytes = readConfigFile(path);
  const known = recallConfig(path, bytes);
  if (known !== null) return withInterval(known);
  // the parser, the schema and the rules: what a run takes longest for
  const { checkConfig } = await import('./check.ts');
  const loaded = await checkConfig(path, bytes);
  keepConfig(path, bytes, loaded);
  return withInterval(loaded);
}

async function withInterval(loaded: LoadedConfig): Promise<LoadedConfig> {
  if (loaded.isIntervalGiven) return loaded;
  const { config } = loaded;
  const global = { ...config.global, check_interval_seconds: await readIntervalS() };
  return { ...loaded, config: { ...config, global } };
}
