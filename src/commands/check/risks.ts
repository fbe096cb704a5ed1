import { join } from 'node:path';
import { schemePattern } from '../../queues/registry.ts';
import { checkBrokerNetwork } from './findings/broker-network.ts';
import { checkRisks, checkSecrets, type Place } from './findings/risks.ts';
import type { Finding } from './findings/types.ts';
import type { Config, Project } from '../../config/schema/schema.ts';
import { nameReader } from '../../host/accounts.ts';
import { readFile } from '../../host/files/read.ts';
import { readRunAs, type RunAs } from '../../targets/systemd/run-as.ts';
import type { UnitState } from '../../model/unit-state.ts';
import { TARGET } from '../../targets/registry.ts';
import type { WorkerCommand } from '../../targets/target.ts';
import { findFolders, findForeignCode, findPrograms, toPlace } from './code.ts';

/** The password in a broker's URL. That of `guest` is RabbitMQ's own, and good on the host itself alone. */
const PASSWORD = new RegExp(
  `\\b${schemePattern()}(?!guest:guest@)[^\\s:@/'"]*:(?!\\$)[^\\s@/'"]+@`,
  'i',
);

/** What is risky about the config itself. */
export function checkConfigFile(path: string): Finding[] {
  return checkSecrets(null, [path].flatMap(findSecret), nameReader());
}

/** What is risky about the services of all projects, and their brokers. @throws UserError where systemd does not answer */
export async function checkServiceRisks(
  config: Config,
  units: ReadonlyMap<string, UnitState>,
): Promise<Finding[]> {
  const names = nameReader();
  const loaded = [...units.values()].filter(({ loadState }) => loadState === 'loaded');
  const runAs = await readRunAs(loaded.map(({ id }) => id));
  const findings: Finding[] = [];
  for (const [project, { service_name, ...rest }] of Object.entries(config.projects)) {
    const unit = units.get(service_name);
    const as = unit === undefined ? undefined : runAs.get(unit.id);
    if (unit !== undefined && as !== undefined)
      findings.push(...(await checkUnit(project, unit, as, names)));
    findings.push(...checkBroker(project, rest));
  }
  return findings;
}

function checkBroker(
  project: string,
  { broker_url: url, broker_use_ssl: ssl }: Omit<Project, 'service_name'>,
) {
  return url === undefined
    ? []
    : checkBrokerNetwork(project, url, ssl !== undefined && ssl !== false);
}

async function checkUnit(
  project: string,
  unit: UnitState,
  as: RunAs,
  names: ReturnType<typeof nameReader>,
): Promise<Finding[]> {
  const { fragmentPath, dropInPaths, id, environmentFiles } = unit;
  const unitPaths = [...(fragmentPath === null ? [] : [fragmentPath]), ...dropInPaths];
  const environmentPaths = environmentFiles.map(({ path }) => path);
  const privileged = as.lines.filter(({ isPrivileged }) => isPrivileged);
  const root = as.rootDirectory ?? '/';
  const isRoot = as.user === null && !as.isDynamic;
  const code = await findCode(unit, as, isRoot);
  return checkRisks(
    {
      ...{ project, service: id, code },
      user: isRoot ? null : (as.user ?? 'a user of its own'),
      privileged: privileged.map(({ key, path }) => `${key}=${path}`),
      unitFiles: [
        ...toPlaces('unit file', unitPaths),
        // who can add a drop-in need not write one
        ...toPlaces('drop-in folder', [`/etc/systemd/system/${id}.d`]),
      ],
      environmentFiles: toPlaces('environment file', environmentPaths),
      privilegedCode: findPrograms(privileged, root),
      secrets: [...unitPaths, ...environmentPaths].flatMap(findSecret),
    },
    names,
  );
}

/** All that a unit runs; what lies within its folders only where it runs as root. */
async function findCode(
  unit: UnitState,
  { lines, rootDirectory }: RunAs,
  isRoot: boolean,
): Promise<Place[]> {
  const root = rootDirectory ?? '/';
  const { workingDirectory } = unit;
  const folder = workingDirectory === '~' ? '/root' : (workingDirectory ?? '/');
  const isOwn = folder !== '/' && (isRoot || workingDirectory !== '~');
  const { files, variables } = await readCommand(unit);
  const places = [
    ...(isOwn ? toPlaces('working directory', [join(root, folder)]) : []),
    ...findPrograms(lines, root),
    ...toPlaces('script or config', files),
    ...findFolders(variables, root),
  ];
  if (!isRoot) return places;
  const folders = places
    .filter(({ what, way }) => way.at(-1)?.kind === 'folder' && what !== 'PATH')
    .map(({ path }) => path)
    .filter((path) => path !== '/' && !path.startsWith('/usr/'));
  return [...places, ...[...new Set(folders)].flatMap(findForeignCode)];
}

/** The files that the worker command goes through (wrappers, configs), and its variables. */
async function readCommand(unit: UnitState): Promise<Pick<WorkerCommand, 'files' | 'variables'>> {
  try {
    const command = (await TARGET.locate(unit)).command();
    if (command !== null) return command;
  } catch {
    // told by the check of the service itself
  }
  return { files: [], variables: new Map() };
}

function toPlaces(what: string, paths: readonly string[]): Place[] {
  return paths.flatMap((path) => toPlace(what, path) ?? []);
}

function findSecret(path: string): Place[] {
  const found = readFile(path);
  if (!('bytes' in found) || !PASSWORD.test(found.bytes.toString('latin1'))) return [];
  return toPlaces('file', [path]);
}
