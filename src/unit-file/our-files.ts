/** The name of our drop-in, by which systemd puts it in order. */
export const OUR_NAME = '50-autoscaler.conf';

/** Where our drop-in of a unit lies. */
export function ourPath(unit: string): string {
  return `/etc/systemd/system/${unit}.d/${OUR_NAME}`;
}

/** Where our environment file of a unit lies: beside the drop-in that names it. systemd itself does not look at it. */
export function ourEnvironmentPath(unit: string): string {
  return ourPath(unit).replace(/\.conf$/, '.env');
}
