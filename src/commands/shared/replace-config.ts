import { access, constants } from 'node:fs/promises';
import { dirname } from 'node:path';
import { LARGEST_BYTES } from '../../config/file/read.ts';
import { EXIT, UserError } from '../../errors.ts';
import { readTarget } from '../../host/files/target.ts';
import { writeUserFile } from '../../host/files/write.ts';

/**
 * Replaces the whole config. The previous one is kept beside it as `FILE.bak`.
 *
 * @throws UserError permission, or failed if somebody else has changed it meanwhile; it is then left as it was
 */
export async function replaceConfig(path: string, before: Buffer, after: Buffer): Promise<void> {
  const { path: target, like } = readTarget(path, LARGEST_BYTES);
  const backup = `${target}.bak`;
  await access(dirname(target), constants.W_OK).catch(() => {
    throw new UserError(
      EXIT.permission,
      `${path}: no permission to change the config`,
      'Run it as root, with sudo.',
    );
  });
  const none = (): void => undefined;
  const old = readTarget(backup, LARGEST_BYTES).bytes;
  // with the owner and mode of the config, since it contains the same passwords
  writeUserFile({ path: backup, before: old, after: before, like }, none);
  writeUserFile({ path: target, before, after }, none);
}
