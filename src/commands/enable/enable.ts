import { checkConfig } from '../../config/file/check.ts';
import { parseDocument } from '../../config/file/document.ts';
import { editEnabled } from '../../config/file/enabled-edit.ts';
import { findProject } from '../../config/policy/find-project.ts';
import { findConfigPath, readConfigFile } from '../../config/file/read.ts';
import type { Config } from '../../config/schema/schema.ts';
import { EXIT, UserError, type ExitCode } from '../../errors.ts';
import { cleanLine } from '../../output/clean.ts';
import { renderDiff } from '../../output/diff.ts';
import { writeOut } from '../../host/streams.ts';
import type { GlobalOptions } from '../shared/global-options.ts';
import { openCommandLog } from '../shared/log-events.ts';
import { replaceConfig } from '../shared/replace-config.ts';

export interface EnableOptions extends GlobalOptions {
  /** as they were named; none with `all` */
  projects: string[];
  all?: boolean;
  enabled: boolean;
  dryRun?: boolean;
  json?: boolean;
}

/** A project that was named, and whether its word has to change. */
interface Named {
  name: string;
  changes: boolean;
}

/**
 * `enable` and `disable`: one word of the config for each project, in place. What was before is kept beside it as
 * `FILE.bak`.
 *
 * @throws ConfigError (78) where the config is wrong, before or after; UserError usage for an unknown project
 */
export async function enableCommand(options: EnableOptions): Promise<ExitCode> {
  const path = findConfigPath(options.config);
  const before = readConfigFile(path);
  const { config } = await checkConfig(path, before);
  const named = chooseProjects(options, config);
  const changing = named.filter(({ changes }) => changes).map(({ name }) => name);
  const text = before.toString('utf8');
  const edit = (now: string, name: string): string =>
    editEnabled(parseDocument(path, now), name, options.enabled);
  const after = changing.reduce(edit, text);
  if (changing.length === 0) return print(options, named, { path, diff: '' });
  const bytes = Buffer.from(after);
  await checkConfig(path, bytes);
  if (options.dryRun === true) {
    const diff = await renderDiff([{ path, before: text, after }]);
    return print(options, named, { path, diff });
  }
  const { log_file: logFile = null } = config.global;
  // before it is written: what cannot be logged is refused
  const log = await openCommandLog({ ...options, quiet: true }, logFile);
  await replaceConfig(path, before, bytes);
  const event = options.enabled ? 'enable' : 'disable';
  for (const project of changing) log.info({ event, project }, `${project}: ${event}d in ${path}`);
  return print(options, named, { path, diff: '' });
}

function chooseProjects(
  { projects, all = false, enabled }: EnableOptions,
  config: Config,
): Named[] {
  if (all === projects.length > 0) {
    const word = enabled ? 'enable' : 'disable';
    throw new UserError(
      EXIT.usage,
      all
        ? '--all and project names: expected one of the two'
        : `which projects? The config has: ${Object.keys(config.projects).join(', ')}`,
      `For example: autoscaler ${word} ${Object.keys(config.projects)[0] ?? 'PROJECT'}, or autoscaler ${word} --all`,
    );
  }
  const found = all
    ? Object.entries(config.projects).map(([name, project]) => ({ name, project }))
    : projects.map((each) => findProject(each, config));
  return [...new Map(found.map(({ name, project }) => [name, project]))].map(([name, project]) => ({
    ...{ name, changes: project.enabled !== enabled },
  }));
}

/** One project that was named has a document of its own; several, or all, are a list. */
function print(
  { enabled, all = false, dryRun = false, json, quiet }: EnableOptions,
  named: readonly Named[],
  { path, diff }: { path: string; diff: string },
): ExitCode {
  const word = enabled ? 'enabled' : 'disabled';
  if (json === true) {
    const documents = named.map(({ name, changes }) => ({
      project: name,
      enabled: dryRun && changes ? !enabled : enabled,
      changed: changes && !dryRun,
    }));
    const document = all || documents.length > 1 ? { projects: documents } : documents[0];
    writeOut(`${JSON.stringify(document)}\n`);
  } else if (quiet !== true) {
    const lines = named.map(({ name, changes }) => {
      if (!changes) return `${name} is ${word} already: nothing to do`;
      return dryRun ? `${name}: dry run, not ${word}` : `${name}: ${word}, from the next run on`;
    });
    const isDone = !dryRun && named.some(({ changes }) => changes);
    const where = isDone ? [`Changed: ${path} (backup: ${path}.bak)`] : [];
    writeOut(`${[...lines, ...where].map((line) => `${cleanLine(line)}\n`).join('')}${diff}`);
  }
  return EXIT.ok;
}
