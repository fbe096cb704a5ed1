import { OPAQUE } from '../command/chars.ts';
import type { Context } from '../command/program.ts';

/**
 * The path of Gunicorn's config file, which it looks for in the folder that it is started in, whatever
 * `--chdir` says; null: not known here. `config` is what `--config` says, null where it says nothing.
 */
export function locateConfigFile(config: string | null, { cwd }: Context): string | null {
  const name = configName(config);
  const path = name.startsWith('/')
    ? name
    : cwd === null
      ? null
      : `${cwd.replace(/\/$/, '')}/${name.replace(/^(?:\.\/)+/, '')}`;
  return path === null || path.includes(OPAQUE) ? null : path;
}

/** Its name as it is given, or the one that Gunicorn looks for by itself. */
export function configName(config: string | null): string {
  return config?.replace(/^file:/, '') ?? 'gunicorn.conf.py';
}
