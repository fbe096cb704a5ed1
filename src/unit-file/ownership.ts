import { sharedByInstances } from './environment.ts';
import { OUR_NAME, ourEnvironmentPath, ourPath } from './our-files.ts';
import type { SourceFile, UnitSources } from './types.ts';

const VENDOR = /^(?:\/usr)?\/lib\/|^\/usr\/share\//;
const GENERATED = /^\/run\/systemd\/generator/;
/** Read at every login (PAM), or by every user's services. */
const SYSTEM = /^\/etc\/(?:environment$|environment\.d\/|security\/|locale\.conf$)/;

/** Our drop-in among the unit's; null: there is none yet. */
export function findOurs(sources: UnitSources): SourceFile | null {
  return sources.dropIns.find((file) => file.path.endsWith(`/${OUR_NAME}`)) ?? null;
}

/**
 * The unit's sources with our drop-in having this text, and the environment file that it names this one; null: without
 * it. No later drop-in must name environment files.
 */
export function withOurs(
  sources: UnitSources,
  text: string | null,
  environment: string | null = null,
): UnitSources {
  const path = findOurs(sources)?.path ?? ourPath(sources.unit);
  const others = sources.dropIns.filter((file) => file.path !== path);
  const environmentPath = ourEnvironmentPath(sources.unit);
  const environmentFiles = sources.environmentFiles.filter((file) => file.path !== environmentPath);
  if (environment !== null) environmentFiles.push({ path: environmentPath, text: environment });
  if (text === null) return { ...sources, dropIns: others, environmentFiles };
  // systemd merges drop-ins in the order of their names, whatever their folders.
  const after = others.findIndex((file) => baseName(file.path) > OUR_NAME);
  const at = after < 0 ? others.length : after;
  const dropIns = [...others.slice(0, at), { path, text }, ...others.slice(at)];
  return { ...sources, dropIns, environmentFiles };
}

/** Whether a file is one that we write. */
export function isOurs(path: string, sources: UnitSources): boolean {
  return path === findOurs(sources)?.path || path === ourEnvironmentPath(sources.unit);
}

/** Drop-ins that systemd merges after ours. */
export function laterThanOurs(sources: UnitSources): SourceFile[] {
  return sources.dropIns.filter((file) => baseName(file.path) > OUR_NAME);
}

/** Why a file must not be edited for this unit alone, for people; null: it is the unit's own. */
export function whyNotOwn(path: string, sources: UnitSources): string | null {
  const { foreign, realPath } = sources.factsOf(path);
  if (foreign !== null) return `${path} is not root's alone: ${foreign}`;
  // a link of root's own may lead there
  for (const each of [path, realPath]) {
    if (VENDOR.test(each)) return `${each} belongs to a package`;
    if (SYSTEM.test(each)) return `${each} is for the whole system`;
    if (GENERATED.test(each)) return `${each} is generated at boot`;
  }
  if (sources.sharedPaths.has(path)) return `other units use ${path} too`;
  if (path === sources.fragment?.path)
    return baseName(path) === sources.unit ? null : `${path} serves all instances`;
  if (sources.dropIns.some((file) => file.path === path))
    return path.split('/').at(-2) === `${sources.unit}.d`
      ? null
      : `${path} is not for this unit alone`;
  return sharedByInstances(path, sources.unit) ? `other instances may read ${path} too` : null;
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
