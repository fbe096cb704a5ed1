import { existsSync } from 'node:fs';
import { loadConfig } from './load.ts';
import { findConfigPath } from './read.ts';
import type { Config } from '../schema/schema.ts';

/**
 * The config where there is one, and one without projects where nobody named one and none is in the
 * usual place: for commands that can serve a service nobody configured. A config with faults stays an error.
 */
export async function loadConfigIfAny(option: string | undefined): Promise<Config> {
  const isNamed = option !== undefined || Boolean(process.env['AUTOSCALER_CONFIG']);
  const path = findConfigPath(option);
  if (isNamed || existsSync(path)) return (await loadConfig(path)).config;
  // the schema is not small
  const { globalSchema } = await import('../schema/schema.ts');
  return { projects: {}, global: globalSchema.parse({}) };
}
