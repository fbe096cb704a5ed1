import type { Config, Project } from '../../config/schema/schema.ts';
import { EXIT, UserError } from '../../errors.ts';
import { readOverview } from '../../targets/systemd/timer.ts';
import type { UnitState } from '../../model/unit-state.ts';
import { TARGET } from '../../targets/registry.ts';
import { declareKinds } from './declare-kinds.ts';

/** A project whose service, perhaps under another name, already belongs to an earlier project. */
export interface Twin {
  project: string;
  /** the name that its config gives to the service */
  alias: string;
  service: string;
  /** the project that has the service */
  owner: string;
}

/** A config in which each service has its own name, and the units by it. */
export interface TrueNames {
  config: Config;
  units: Map<string, UnitState>;
  /** enabled projects that are left out of `config` */
  twins: Twin[];
}

/**
 * The services of the enabled projects, each by its own name, in one call of systemctl.
 *
 * @throws UserError failed if systemd does not answer
 */
export async function readServices(config: Config): Promise<TrueNames> {
  const enabled = Object.values(config.projects).filter((project) => project.enabled);
  const names = enabled.map(({ service_name }) => service_name);
  return followAliases(config, await TARGET.readStates(names));
}

/**
 * Names each service as systemd itself does: an alias leads to the same unit and the same files, so both names must share
 * history, backups and locks. If several enabled projects have the same service, the first keeps it. `found` has the units
 * by the names that the config gives them.
 */
export function followAliases(config: Config, found: Map<string, UnitState>): TrueNames {
  const units = declareKinds(found, config);
  const ids = new Map([...units].map(([name, { id }]) => [name, id]));
  return {
    ...renameServices(config, ids),
    units: new Map([...units.values()].map((unit) => [unit.id, { ...unit, unit: unit.id }])),
  };
}

/** Like `followAliases`, with names alone: `ids` has the own name of each unit, by the name that the config gives it. */
export function renameServices(
  config: Config,
  ids: ReadonlyMap<string, string>,
): Omit<TrueNames, 'units'> {
  if ([...ids].every(([name, id]) => name === id)) return { config, twins: [] };
  const owners = new Map<string, string>();
  const twins: Twin[] = [];
  const projects = Object.entries(config.projects).flatMap(
    ([name, project]): [string, Project][] => {
      const { service_name: alias, enabled } = project;
      const service = ids.get(alias) ?? alias;
      const owner = enabled ? owners.get(service) : undefined;
      if (owner !== undefined) {
        twins.push({ project: name, alias, service, owner });
        return [];
      }
      if (enabled) owners.set(service, name);
      return [[name, { ...project, service_name: service }]];
    },
  );
  return { config: { ...config, projects: Object.fromEntries(projects) }, twins };
}

/**
 * The config with each service under its own name, as the history has it, found by one call of systemctl; if systemd does
 * not answer, the names stay as they are written.
 */
export async function readTrueNames(config: Config): Promise<Omit<TrueNames, 'units'>> {
  const names = Object.values(config.projects).map(({ service_name }) => service_name);
  try {
    return renameServices(config, (await readOverview(names)).ids);
  } catch (error) {
    if (error instanceof UserError) return { config, twins: [] };
    throw error;
  }
}

/** A project under the own name of its service. @throws UserError config where another project has the service */
export function requireServed(name: string, { config, twins }: Omit<TrueNames, 'units'>): Project {
  const project = config.projects[name];
  if (project !== undefined) return project;
  const twin = twins.find(({ project: each }) => each === name);
  throw new UserError(
    EXIT.config,
    twin === undefined ? `${name} is not a project` : tellTwin(twin),
  );
}

/** The same, with the project that is left out. */
export function tellTwin(twin: Twin): string {
  return `${twin.project} is left out: ${explainTwin(twin)}`;
}

/** Why a twin is left out, for people. */
export function explainTwin({ alias, service, owner }: Twin): string {
  const what = alias === service ? 'is the service' : `is another name of ${service}, the service`;
  return `${alias} ${what} of project "${owner}" already: only one project may decide about a service (merge the thresholds of both into one, and remove the other)`;
}
