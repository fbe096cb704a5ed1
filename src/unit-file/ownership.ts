import { sharedByInstances } from './environment.ts';
import type { SourceFile, UnitSources } from './types.ts';

const VENDOR = /^(?:\/usr)?\/lib\/|^\/usr\/share\//;
const GENERATED = /^\/run\/systemd\/generator/;
/** Read at every login (PAM), or by every user's services. */
const SYSTEM = /^\/etc\/(?:environment$|environment\.d\/|security\/|locale\.conf$)/;
const OUR_NAME = '50-autoscaler.conf';

/** Where our drop-in of a unit lies. */
export function ourPath(unit: string): string {
  return `/etc/systemd/system/${unit}.d/${OUR_NAME}`;
}

/** Our drop-in among the unit's; null: there is none yet. */
export function findOurs(sources: UnitSources): SourceFile | null {
  return sources.dropIns.find((file) => file.path.endsWith(`/${OUR_NAME}`)) ?? null;
}

/** The unit's sources with our drop-in having this text; null: without it. */
export function withOurs(sources: UnitSources, text: string | null): UnitSources {
  const path = findOurs(sources)?.path ?? ourPath(sources.unit);
  const others = sources.dropIns.filter((file) => file.path !== path);
  if (text === null) return { ...sources, dropIns: others };
  // systemd merges drop-ins in the order of their names, whatever their folders.
  const after = others.findIndex((file) => baseName(file.path) > OUR_NAME);
  const at = after < 0 ? others.length : after;
  return { ...sources, dropIns: [...others.slice(0, at), { path, text }, ...others.slice(at)] };
}

/** Drop-ins that systemd merges after ours. */
export function laterThanOurs(sources: UnitSources): SourceFile[] {
  return sources.dropIns.filter((file) => baseName(file.path) > OUR_NAME);
}

/** Why a file must not be edited for this unit alone, for people; null: it is the unit's own. */
export function whyNotOwn(path: string, sources: UnitSources): string | null {
  if (VENDOR.test(path)) return `${path} belongs to a package`;
  if (SYSTEM.test(path)) return `${path} is for the whole system`;
  if (GENERATED.test(path)) return `${path} is generated at boot`;
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
