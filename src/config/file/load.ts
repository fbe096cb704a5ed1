import { keepConfig, recallConfig } from '../../state/cache.ts';
import type { LoadedConfig } from './loaded-config.ts';
import { readConfigFile } from './read.ts';

/**
 * Reads and checks the config at `path`. Throws a ConfigError (78) with all faults of its contents, or a UserError where the
 * file itself is missing or not trusted (78) or may not be read (77).
 */
export async function loadConfigFile(path: string): Promise<LoadedConfig> {
  const bytes = readConfigFile(path);
  const known = recallConfig<LoadedConfig>(path, bytes);
  if (known !== null) return known;
  // the parser, the schema and the rules: what a run takes longest for
  const { checkConfig } = await import('./check.ts');
  const loaded = await checkConfig(path, bytes);
  keepConfig(path, bytes, loaded);
  return loaded;
}
