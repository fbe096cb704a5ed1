import { access, constants } from 'node:fs/promises';
import { dirname } from 'node:path';
import { readUserFile, resolveTarget, writeUserFile } from '../act/atomic-write.ts';
import type { GlobalOptions } from './global-options.ts';
import { checkConfig } from '../config/check.ts';
import { parseDocument } from '../config/document.ts';
import { editEnabled } from '../config/enabled-edit.ts';
import { findProject } from '../config/find-project.ts';
import { findConfigPath, readConfigFile } from '../config/read.ts';
import { EXIT, UserError, type ExitCode } from '../errors.ts';
import { renderDiff } from '../output/diff.ts';
import { openCommandLog } from './log-events.ts';

export interface EnableOptions extends GlobalOptions {
  project: string;
  enabled: boolean;
  dryRun?: boolean;
  json?: boolean;
}

/**
 * `enable` and `disable`: one word of the config, in place. What was before is kept beside it as `FILE.bak`.
 *
 * @throws ConfigError (78) where the config is wrong, before or after; UserError usage for an unknown project
 */
export async function enableCommand(options: EnableOptions): Promise<ExitCode> {
  const path = findConfigPath(options.config);
  const before = readConfigFile(path);
  const { config } = await checkConfig(path, before);
  const { name, project } = findProject(options.project, config);
  if (project.enabled === options.enabled) return print(options, { name, path, after: null });
  const text = before.toString('utf8');
  const after = editEnabled(parseDocument(path, text), name, options.enabled);
  const bytes = Buffer.from(after);
  await checkConfig(path, bytes);
  if (options.dryRun === true) {
    return print(options, {
      name,
      path,
      after,
      diff: await renderDiff([{ path, before: text, after }]),
    });
  }
  await replaceConfig(path, before, bytes);
  const { log_file: logFile = null } = config.global;
  const log = await openCommandLog({ ...options, quiet: true }, logFile);
  const event = options.enabled ? 'enable' : 'disable';
  log.info({ event, project: name }, `${name}: ${event}d in ${path}`);
  return print(options, { name, path, after });
}

async function replaceConfig(path: string, before: Buffer, after: Buffer): Promise<void> {
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

function print(
  { enabled, dryRun = false, json, quiet }: EnableOptions,
  done: { name: string; path: string; after: string | null; diff?: string },
): ExitCode {
  const { name, path, after, diff = '' } = done;
  const changed = after !== null && !dryRun;
  const word = enabled ? 'enabled' : 'disabled';
  if (json === true) {
    process.stdout.write(
      `${JSON.stringify({ project: name, enabled: dryRun && after !== null ? !enabled : enabled, changed })}\n`,
    );
  } else if (quiet !== true) {
    const what =
      after === null
        ? `${name} is ${word} already: nothing to do`
        : dryRun
          ? `${name}: dry run, not ${word}`
          : `${name}: ${word} in ${path} (as it was: ${path}.bak); the next run sees to it`;
    process.stdout.write(`${what}\n${diff}`);
  }
  return EXIT.ok;
}
