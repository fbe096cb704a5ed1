import { EXIT, UserError } from '../errors.ts';
import { closest } from 'fastest-levenshtein';
import type { Config, Project } from './schema.ts';
import { unitName } from './service-name.ts';

/** A project by its name or by its unit. @throws UserError usage for an unknown one, naming the nearest */
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
  const names = Object.keys(projects);
  const hint =
    names.length === 0
      ? 'The config has no projects.'
      : `Did you mean ${closest(name, names)}? The config has: ${names.join(', ')}`;
  throw new UserError(EXIT.usage, `${JSON.stringify(name)}: no such project in the config`, hint);
}
