import { EXIT, UserError } from '../../errors.ts';
import type { Config, Project } from '../schema/schema.ts';
import { unitName } from '../schema/service-name.ts';
import { findNearNames } from '../file/near-names.ts';

/** A project by its name or by its unit. @throws UserError usage for an unknown one, naming what is near */
export function findProject(
  name: string,
  { projects }: Pick<Config, 'projects'>,
): { name: string; project: Project } {
  const own = Object.hasOwn(projects, name) ? projects[name] : undefined;
  if (own !== undefined) return { name, project: own };
  const unit = unitName(name);
  for (const [each, project] of Object.entries(projects)) {
    if (project.service_name === unit) return { name: each, project };
  }
  throw new UserError(
    EXIT.usage,
    `${JSON.stringify(name)}: no such project in the config`,
    describeProjects(name, projects),
  );
}

function describeProjects(name: string, projects: Config['projects']): string {
  const names = Object.keys(projects);
  if (names.length === 0) return 'The config has no projects.';
  const near = findNearNames(name.replace(/\.service$/, ''), names);
  const meant = near.length === 0 ? '' : `Did you mean ${near.join(' or ')}? `;
  return `${meant}The config has: ${names.join(', ')}`;
}
