/** Why a name cannot be the name of a service that we scale. */
export interface NameFault {
  expected: string;
  hint: string | null;
}

// systemd.unit(5): the other kinds of units; a name that ends otherwise is one without a suffix
const OTHER_SUFFIX =
  /\.(socket|device|mount|automount|swap|target|path|timer|slice|scope|snapshot)$/;
const SUFFIX = '.service';

/** The whole name of the unit: `.service` is added where a name has no suffix of systemd, as `systemctl` does. */
export function unitName(name: string): string {
  return name.endsWith(SUFFIX) || OTHER_SUFFIX.test(name) ? name : `${name}${SUFFIX}`;
}

/** What keeps `unit` (a whole name) from being the name of one service; null: nothing. */
export function findNameFault(unit: string): NameFault | null {
  if (!/^[A-Za-z0-9:_.\\@][A-Za-z0-9:_.\\@-]*$/.test(unit)) {
    return {
      expected: 'a unit name: letters, digits and : _ . @ \\ -, no "-" at the start',
      hint: '"systemctl list-units --type=service" shows the names',
    };
  }
  if (!unit.endsWith(SUFFIX)) {
    return { expected: `a name that ends in "${SUFFIX}"`, hint: 'only services have workers' };
  }
  const stem = unit.slice(0, -SUFFIX.length);
  if (stem === '' || stem.startsWith('@')) {
    return { expected: `a name such as "shop${SUFFIX}"`, hint: null };
  }
  if (stem.endsWith('@')) {
    return {
      expected: `an instance of the template, such as "${stem}shop${SUFFIX}"`,
      hint: 'a template itself never runs',
    };
  }
  // UNIT_NAME_MAX of systemd
  return unit.length > 255 ? { expected: 'at most 255 characters', hint: null } : null;
}
