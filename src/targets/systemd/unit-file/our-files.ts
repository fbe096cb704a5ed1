/** The name of our drop-in, by which systemd puts it in order. */
export const OUR_NAME = '50-autoscaler.conf';

/** That, and those that come last. */
const OURS = /\/(?:50|zz+)-autoscaler\.conf$/;
const EDITED = '-autoscaler.edited.conf';

/** Where our drop-in of a unit lies, by default; see `lastPath`. */
export function ourPath(unit: string): string {
  return inFolder(unit, OUR_NAME);
}

/** Where it lies to come after all of `others`, the names of drop-ins: systemd sorts these whatever their folders. */
export function lastPath(unit: string, others: readonly string[]): string {
  const last = others.reduce((a, b) => (a > b ? a : b), '');
  const count = /^z*/.exec(last)?.[0].length ?? 0;
  return inFolder(unit, `${'z'.repeat(Math.max(2, count + 1))}-autoscaler.conf`);
}

/** Where our environment file of a unit lies: beside the drop-in that names it. systemd itself does not look at it. */
export function ourEnvironmentPath(unit: string): string {
  return ourPath(unit).replace(/\.conf$/, '.env');
}

/** Whether a drop-in is one of ours of this unit. */
export function isOurDropIn(path: string, unit: string): boolean {
  return OURS.test(path) && path.startsWith(inFolder(unit, ''));
}

/** The path for a drop-in of ours that somebody else has edited, so that it is taken for theirs. */
export function asTheirs(path: string): string {
  return OURS.test(path) ? path.replace(/-autoscaler\.conf$/, EDITED) : path;
}

/** The reverse of `asTheirs`. */
export function asOurs(path: string): string {
  return path.endsWith(EDITED) ? `${path.slice(0, -EDITED.length)}-autoscaler.conf` : path;
}

function inFolder(unit: string, name: string): string {
  return `/etc/systemd/system/${unit}.d/${name}`;
}
