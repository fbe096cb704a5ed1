import { access, constants } from 'node:fs/promises';
import { dirname } from 'node:path';
import { readUserFile, resolveTarget, writeUserFile } from '../act/atomic-write.ts';
import { EXIT, UserError } from '../errors.ts';

/**
 * Replaces the config as a whole. What was before is kept beside it as `FILE.bak`.
 *
 * @throws UserError permission, or failed where somebody else has changed it meanwhile; it is then as it was
 */
export async function replaceConfig(path: string, before: Buffer, after: Buffer): Promise<void> {
  const target = await resolveTarget(path);
  const backup = `${target}.bak`;
  await access(dirname(target), constants.W_OK).catch(() => {
    throw new UserError(
      EXIT.permission,
      `${path}: no permission to change the config`,
      'Run it as root, with sudo.',
    );
  });
  const none = (): void => undefined;
  const old = await readUserFile(backup);
  // made anew each time, so that it has the owner and mode of the config, whose passwords it holds too
  if (old !== null) await writeUserFile({ path: backup, before: old, after: null }, none);
  await writeUserFile({ path: backup, before: null, after: before, attributesOf: target }, none);
  await writeUserFile({ path: target, before, after }, none);
}
