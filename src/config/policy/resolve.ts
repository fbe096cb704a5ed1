import type { Config, Project, WrittenConfig, WrittenProject } from '../schema/schema.ts';
import { unitName } from '../schema/service-name.ts';

/** Fills in what the settings of a project leave to the context. For configs without faults only. */
export function resolveConfig({ projects, global }: WrittenConfig): Config {
  const resolved = Object.entries(projects).map(([name, project]): [string, Project] => [
    name,
    resolveProject(name, project, global),
  ]);
  return { projects: Object.fromEntries(resolved), global };
}

function resolveProject(
  name: string,
  { redis_url, broker_url = redis_url, ...project }: WrittenProject,
  global: WrittenConfig['global'],
): Project {
  return {
    ...project,
    ...(broker_url === undefined ? {} : { broker_url }),
    service_name: unitName(project.service_name ?? name),
    apply: project.apply ?? global.apply,
  };
}
