import { addProjects } from '../../config/file/add-projects.ts';
import { checkConfig } from '../../config/file/check.ts';
import { parseDocument } from '../../config/file/document.ts';
import { EXAMPLE } from '../../config/file/example.ts';
import { isExample } from '../../config/file/is-example.ts';
import { findConfigPath, readConfigFile } from '../../config/file/read.ts';
import type { Config } from '../../config/schema/schema.ts';
import { unitName } from '../../config/schema/service-name.ts';
import { EXIT, UserError } from '../../errors.ts';
import { renderProject } from './proposal/render.ts';
import { renderScan } from './report.ts';
import { openOutput } from '../../output/terminal.ts';
import { writeOut } from '../../host/streams.ts';
import { choose, proposeFor, readHost, requireTerminal } from './choose.ts';
import { scanServices, type Scan } from './scan.ts';
import { enableAll, reportInterrupted, reportWritten, type InitOptions } from './init.ts';
import { replaceConfig } from '../shared/replace-config.ts';
import { readTrueNames } from '../shared/true-names.ts';

export interface AddOptions extends Omit<InitOptions, 'output'> {
  /** units, as they were named; none: all that the config does not have */
  services: string[];
}

/**
 * Adds projects to the config for services that it does not have yet. All that stands in it stays byte for byte, and what
 * was before is kept as `FILE.bak`.
 *
 * @throws UserError usage for a service that cannot be added; ConfigError where the config is wrong
 */
export async function addCommand(options: AddOptions): Promise<number> {
  const path = findConfigPath(options.config);
  const before = readConfigFile(path);
  if (isExample(before)) throw new UserError(EXIT.usage, `${path}: ${EXAMPLE.text}`, EXAMPLE.hint);
  const { config: written } = await checkConfig(path, before);
  const asks = options.yes !== true;
  if (asks) requireTerminal('init --add');
  const { config, twins } = await readTrueNames(written);
  const scan = await scanServices(written);
  const known = new Set([
    ...Object.values(config.projects).map(({ service_name: service }) => service),
    ...twins.map(({ service }) => service),
  ]);
  const services = selectServices(options.services, scan, known, written);
  const out = openOutput({ color: options.color, quiet: options.quiet === true });
  const host = await readHost();
  const taken = Object.keys(written.projects);
  const choice = { scan, host, path, config: written, taken, services, isAddition: true };
  const proposals = proposeFor(choice, scan.candidates);
  const unusable = scan.unusable.filter(({ service }) => !known.has(service));
  if (options.json !== true) {
    out.write(renderScan({ unusable, seen: scan.units.size }, proposals, host));
  }
  const chosen =
    asks && proposals.length > 0 ? await choose(choice) : enableAll(proposals, options);
  if (chosen === null) return reportInterrupted();
  if (chosen.length === 0) return reportNothing(options, path, unusable);
  const text = before.toString('utf8');
  const after = addProjects(parseDocument(path, text), chosen.map(renderProject));
  const bytes = Buffer.from(after);
  await checkConfig(path, bytes);
  await replaceConfig(path, before, bytes);
  if (options.json !== true) out.write(`\nAdded to ${path} (backup: ${path}.bak)\n`);
  return reportWritten(out, options, { path, chosen, unusable });
}

/** Those that were named, or all that the config does not have. @throws UserError usage */
function selectServices(
  names: readonly string[],
  { candidates, unusable }: Scan,
  known: ReadonlySet<string>,
  { projects }: Config,
): Set<string> {
  const fresh = candidates.map(({ service }) => service).filter((service) => !known.has(service));
  if (names.length === 0) return new Set(fresh);
  const units = names.map(unitName);
  for (const unit of units) {
    if (fresh.includes(unit)) continue;
    const owner = Object.entries(projects).find(([, project]) => project.service_name === unit);
    const refused = unusable.find(({ service }) => service === unit);
    const isKnown = known.has(unit);
    throw new UserError(
      EXIT.usage,
      isKnown
        ? `${unit} is in the config already${owner === undefined ? '' : `, as "${owner[0]}"`}`
        : refused !== undefined
          ? `${unit}: ${refused.why}`
          : `${unit}: not a service of this host that runs Gunicorn or a Celery worker`,
      refused?.hint ??
        (fresh.length === 0
          ? 'All services that can be scaled are in the config.'
          : `Services that the config does not have: ${fresh.join(', ')}`),
    );
  }
  return new Set(units);
}

function reportNothing(
  { json, quiet }: AddOptions,
  path: string,
  unusable: Scan['unusable'],
): number {
  if (json === true) writeOut(`${JSON.stringify({ v: 1, path, projects: [], unusable })}\n`);
  else if (quiet !== true) writeOut(`\nNothing was added to ${path}\n`);
  return EXIT.ok;
}
