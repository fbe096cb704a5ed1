import { existsSync } from 'node:fs';
import { loadConfigFile } from '../../config/file/load.ts';
import type { LoadedConfig } from '../../config/file/loaded-config.ts';
import { findConfigPath } from '../../config/file/read.ts';
import type { Config } from '../../config/schema/schema.ts';
import { readIntervalS } from '../../targets/systemd/timer-interval.ts';

/** The config at `path`; its check interval is that of the timer where it names none. @throws as `loadConfigFile` */
export async function loadConfig(path: string): Promise<LoadedConfig> {
  const loaded = await loadConfigFile(path);
  if (loaded.isIntervalGiven) return loaded;
  const { config } = loaded;
  const global = { ...config.global, check_interval_seconds: await readIntervalS() };
  return { ...loaded, config: { ...config, global } };
}

/**
 * The config where there is one, and one without projects where nobody named one and none is in the
 * usual place: for commands that can serve a service nobody configured. A config with faults stays an error.
 */
export async function loadConfigIfAny(option: string | undefined): Promise<Config> {
  const isNamed = option !== undefined || Boolean(process.env['AUTOSCALER_CONFIG']);
  const path = findConfigPath(option);
  if (isNamed || existsSync(path)) return (await loadConfig(path)).config;
  // the schema is not small
  const { globalSchema } = await import('../../config/schema/schema.ts');
  return { projects: {}, global: globalSchema.parse({}) };
}
