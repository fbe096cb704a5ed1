import { EXIT, UserError } from '../../errors.ts';
import { readWay } from '../../host/files/read.ts';
import { judgeWay } from '../../host/files/judge.ts';
import { walkPath, whoWeAre, type Way } from '../../host/files/walk.ts';

/** Where the timer's runs look. */
export const DEFAULT_PATH = '/etc/autoscaler/config.json';
const EXAMPLE_PATH = '/usr/share/doc/autoscaler/examples/autoscaler.example.jsonc';
/** Far above any config; a log file given by mistake is reported at once. */
export const LARGEST_BYTES = 1_048_576;

/** Where the config is: the option `--config`, `AUTOSCALER_CONFIG`, `/etc/autoscaler/config.json`. */
export function findConfigPath(option: string | undefined, env = process.env): string {
  return option ?? (env['AUTOSCALER_CONFIG'] || DEFAULT_PATH);
}

/**
 * The bytes of a config that may be trusted. Errors: 78 where there is none, where it is no file of
 * a sensible size, or, as root, where others than root could have written it; 77 where it may not be read.
 */
export function readConfigFile(path: string): Buffer {
  try {
    return walkPath(path, (way) => readWhole(path, way));
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw describeOpenError(path, (error as NodeJS.ErrnoException).code);
  }
}

function readWhole(path: string, way: Way): Buffer {
  const { file, below } = way;
  if (file === null && below.length > 0) throw describeOpenError(path, 'ENOENT');
  if (file === null || !file.stat.isFile()) {
    const what = file === null ? 'a folder' : 'a special file';
    throw new UserError(EXIT.config, `${path}: expected a config file, found ${what}`);
  }
  if (file.stat.size > LARGEST_BYTES) {
    throw new UserError(
      EXIT.config,
      `${path}: expected a config of at most 1 MiB, found ${file.stat.size} bytes`,
    );
  }
  const verdict = judgeWay(way);
  if (whoWeAre().uid === 0 && !verdict.trusted) {
    throw new UserError(
      EXIT.config,
      `${path}: not trusted: ${verdict.reason}`,
      `Whoever can write it decides what root does. Run: ${verdict.command}`,
    );
  }
  const read = readWay(way, LARGEST_BYTES);
  if ('bytes' in read) return read.bytes;
  throw describeOpenError(path, read.fault);
}

function describeOpenError(path: string, code: string | undefined): UserError {
  if (code === 'EACCES' || code === 'EPERM') {
    return new UserError(
      EXIT.permission,
      `${path}: no permission to read the config`,
      'Run it as root, with sudo.',
    );
  }
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new UserError(EXIT.config, `${path}: no config here`, [
      `Looked for in this order: --config FILE, $AUTOSCALER_CONFIG, ${DEFAULT_PATH}.`,
      `Create one: sudo install -D -m 0640 ${EXAMPLE_PATH} ${path}`,
    ]);
  }
  return new UserError(
    EXIT.config,
    `${path}: the config cannot be read: ${code ?? 'unknown error'}`,
  );
}
