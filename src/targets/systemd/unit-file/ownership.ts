import { sharedByInstances } from './locate/environment.ts';
import { isOurDropIn, lastPath, ourEnvironmentPath, ourPath } from './our-files.ts';
import type { SourceFile } from '../../../kinds/command/source.ts';
import type { UnitSources } from './syntax/types.ts';

const VENDOR = /^(?:\/usr)?\/lib\/|^\/usr\/share\//;
const GENERATED = /^\/run\/systemd\/generator/;
/** Read at every login (PAM), or by every user's services. */
const SYSTEM = /^\/etc\/(?:environment$|environment\.d\/|security\/|locale\.conf$)/;

/** Our drop-in among the unit's, the last where there are several; null: there is none yet. */
export function findOurs(sources: UnitSources): SourceFile | null {
  return sources.dropIns.findLast(({ path }) => isOurDropIn(path, sources.unit)) ?? null;
}

/** The unit's sources without our files. */
export function withoutOurs(sources: UnitSources): UnitSources {
  const environmentPath = ourEnvironmentPath(sources.unit);
  return {
    ...sources,
    dropIns: sources.dropIns.filter(({ path }) => !isOurDropIn(path, sources.unit)),
    environmentFiles: sources.environmentFiles.filter(({ path }) => path !== environmentPath),
  };
}

/**
 * The unit's sources without our files, with this drop-in of ours, and the environment file that it names; null: none. No
 * later drop-in must name environment files.
 */
export function withOurs(
  sources: UnitSources,
  ours: SourceFile,
  environment: string | null,
): UnitSources {
  const { dropIns: others, environmentFiles, ...rest } = withoutOurs(sources);
  const files = [...environmentFiles];
  if (environment !== null)
    files.push({ path: ourEnvironmentPath(sources.unit), text: environment });
  // systemd merges drop-ins in the order of their names, whatever their folders.
  const after = others.findIndex((file) => comesAfter(file.path, ours.path));
  const at = after < 0 ? others.length : after;
  const dropIns = [...others.slice(0, at), ours, ...others.slice(at)];
  return { ...rest, dropIns, environmentFiles: files };
}

/** Whether a file is one that we write. */
export function isOurs(path: string, sources: UnitSources): boolean {
  return isOurDropIn(path, sources.unit) || path === ourEnvironmentPath(sources.unit);
}

/** Drop-ins of others that systemd merges after one of ours with this path. */
export function laterThan(path: string, sources: UnitSources): SourceFile[] {
  return sources.dropIns.filter(
    (file) => !isOurDropIn(file.path, sources.unit) && comesAfter(file.path, path),
  );
}

/** Where our drop-in may lie: where it is, or would be by default, and where it comes after all others. */
export function ourPlaces(sources: UnitSources): string[] {
  const usual = findOurs(sources)?.path ?? ourPath(sources.unit);
  const others = withoutOurs(sources).dropIns.map(({ path }) => baseName(path));
  const isLast = laterThan(usual, sources).length === 0;
  return isLast ? [usual] : [usual, lastPath(sources.unit, others)];
}

function comesAfter(path: string, other: string): boolean {
  return baseName(path) > baseName(other);
}

/** Why a file must not be edited for this unit alone, for people; null: it is the unit's own. */
export function whyNotOwn(path: string, sources: UnitSources): string | null {
  if (sources.edit === 'drop-in') return 'the config says "edit": "drop-in"';
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
