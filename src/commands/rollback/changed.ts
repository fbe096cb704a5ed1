import { sha256 } from '../../act/journal/sha256.ts';
import { listFinished, listPending } from '../../act/journal/journal.ts';
import { selectChanged } from '../../act/journal/still-changed.ts';
import { unitName } from '../../config/schema/service-name.ts';
import { EXIT, UserError, type ExitCode } from '../../errors.ts';
import { readFile } from '../../host/files/read.ts';
import { renderChanged } from './changed-report.ts';
import { cleanLine } from '../../output/clean.ts';
import type { Output } from '../../output/terminal.ts';
import { writeErr, writeOut } from '../../host/streams.ts';
import { readTrueNames } from './names.ts';
import type { RollbackOptions } from './options.ts';
import { isNamed } from './select.ts';

/**
 * Says which services still have what we wrote, from the journal and their files alone: also where the config is gone, or
 * systemd does not run. Failed where that is not the whole truth: a change has not ended, or cannot be read (`isWhole`).
 */
export async function reportChanged(
  backupDir: string,
  isWhole: boolean,
  options: RollbackOptions,
  out: Output,
): Promise<ExitCode> {
  const pending = await listPending(backupDir);
  const open = pending.flatMap(({ manifest }) => ('fault' in manifest ? [] : [manifest]));
  const finished = await listFinished(backupDir);
  const all = [...finished, ...open];
  const asked = options.services.map(unitName);
  const names = await readNames([...all.map(({ service }) => service), ...asked]);
  const nameOf = (service: string): string => names.get(service) ?? service;
  const named = new Set(
    all.filter((change) => isNamed(change, options.services)).map(({ service }) => nameOf(service)),
  );
  for (const name of asked) named.add(nameOf(name));
  const changed = selectChanged({ backupDir, finished, open, nameOf, readSha256 }).filter(
    ({ service }) => named.has(nameOf(service)),
  );
  if (options.json === true) writeOut(`${JSON.stringify({ changed })}\n`);
  else out.write(renderChanged(changed));
  const unended = changed.filter((each) => each.open);
  for (const { service } of unended) {
    writeErr(
      `autoscaler: ${cleanLine(service)}: a change of it is unfinished: the next run, or a rollback, completes it; until then the service may be down\n`,
    );
  }
  return isWhole && unended.length === 0 ? EXIT.ok : EXIT.failed;
}

/** Without systemd each name is its own. */
async function readNames(services: string[]): Promise<ReadonlyMap<string, string>> {
  try {
    return await readTrueNames(services);
  } catch (error) {
    if (error instanceof UserError) return new Map();
    throw error;
  }
}

function readSha256(path: string): string | null | undefined {
  const read = readFile(path);
  if ('bytes' in read) return sha256(read.bytes);
  return read.fault === 'missing' ? null : undefined;
}
