import { existsSync } from 'node:fs';
import { loadConfigFile } from '../../config/file/load.ts';
import type { LoadedConfig } from '../../config/file/loaded-config.ts';
import { findConfigPath } from '../../config/file/read.ts';
import type { Config } from '../../config/schema/schema.ts';
import { readIntervalS } from '../../targets/systemd/timer-interval.ts';

/** The config at `path`; if it names no check interval, that of the timer is used. @throws like `loadConfigFile` */
export async function loadConfig(path: string): Promise<LoadedConfig> {
  const loaded = await loadConfigFile(path);
  if (loaded.isIntervalGiven) return loaded;
  const { config } = loaded;
  const global = { ...config.global, check_interval_seconds: await readIntervalS() };
  return { ...loaded, config: { ...config, global } };
}

/**
 * The config if there is one; a config without projects if none was named and none is in the usual place: for commands
 * that can handle a service that is not configured. A config with faults is still an error.
 */
export async function loadConfigIfAny(option: string | undefined): Promise<Config> {
  const isNamed = option !== undefined || Boolean(process.env['AUTOSCALER_CONFIG']);
  const path = findConfigPath(option);
  if (isNamed || existsSync(path)) return (await loadConfig(path)).config;
  // the schema is large
  const { globalSchema } = await import('../../config/schema/schema.ts');
  return { projects: {}, global: globalSchema.parse({}) };
}
