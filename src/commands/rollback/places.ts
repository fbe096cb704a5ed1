import { ConfigError } from '../../config/file/fault.ts';
import { loadConfigIfAny } from '../shared/load-config.ts';
import type { Config } from '../../config/schema/schema.ts';
import { EXIT, UserError } from '../../errors.ts';
import { writeErr } from '../../host/streams.ts';
import type { GlobalOptions } from '../shared/global-options.ts';

/** Where a rollback finds what it needs. */
export interface Places {
  state_dir: string;
  backup_dir: string;
  logFile: string | null;
  /** null: there is none that can be used */
  config: Config | null;
}

/** @throws UserError permission for anybody else */
export function requireRoot(): void {
  if (process.geteuid?.() === 0) return;
  throw new UserError(
    EXIT.permission,
    'only root can read the backups, so only root can roll back',
    'sudo autoscaler rollback',
  );
}

/** The places that the config names; the usual ones where it is wrong and was not asked for. */
export async function findPlaces(options: GlobalOptions): Promise<Places> {
  try {
    const config = await loadConfigIfAny(options.config);
    const { state_dir, backup_dir, log_file } = config.global;
    return { state_dir, backup_dir, logFile: log_file ?? null, config };
  } catch (error) {
    if (!(error instanceof ConfigError) || options.config !== undefined) throw error;
    const places = { state_dir: '/var/lib/autoscaler', backup_dir: '/var/backups/autoscaler' };
    writeErr(
      `autoscaler: the config is wrong, so the usual backup folder is used (${places.backup_dir}):\n${error.message}\n`,
    );
    return { ...places, logFile: null, config: null };
  }
}
