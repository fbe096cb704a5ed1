import type { Config, Project } from '../config/schema.ts';
import { unitName } from '../config/service-name.ts';
import { EXIT, UserError } from '../errors.ts';

/** The project that is meant, named by itself or by its unit. @throws UserError usage where there is none */
export function findProject(name: string, config: Config): [name: string, project: Project] {
  const projects = Object.entries(config.projects);
  const found =
    projects.find(([project]) => project === name) ??
    projects.find(([, project]) => project.service_name === unitName(name));
  if (found !== undefined) return found;
  const known = projects.map(([project]) => project).slice(0, 10);
  throw new UserError(
    EXIT.usage,
    `${JSON.stringify(name)} is no project of the config`,
    known.length === 0 ? 'It has no projects.' : `It has: ${known.join(', ')}`,
  );
}
