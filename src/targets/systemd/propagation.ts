import { EXIT, UserError } from '../../errors.ts';
import { parseShow, readValue } from './show.ts';
import { firstLine, runSystemctl } from './systemctl.ts';
import type { Concerned } from '../target.ts';
import { isUnitName } from './units.ts';

/**
 * The ends at which a unit sees that others follow its stop or its restart (systemd.unit(5)): of Requires=, Requisite=,
 * BindsTo=, PartOf= and StopPropagatedFrom=.
 */
const FOLLOWERS = ['RequiredBy', 'RequisiteOf', 'BoundBy', 'ConsistsOf', 'PropagatesStopTo'];
const PROPERTIES = ['Id', 'Names', 'User', 'DynamicUser', ...FOLLOWERS];
const TIMEOUT_MS = 10_000;

/** What systemd says of one unit. */
export interface Followed {
  /** all of its names, its own among them */
  names: string[];
  followers: string[];
  /** whose it is; a unit whose user is made for it (`DynamicUser=`) is its own */
  owner: string;
}

/** For each of these services what its restart concerns. @throws UserError where systemd does not answer */
export async function readPropagation(
  services: readonly string[],
): Promise<Map<string, Concerned>> {
  const followed = new Map<string, Followed>();
  const asked = new Set<string>();
  let names = [...new Set(services)];
  while (names.length > 0) {
    for (const name of names) asked.add(name);
    for (const unit of await askFollowers(names)) {
      for (const name of unit.names) followed.set(name, unit);
    }
    names = [...new Set([...followed.values()].flatMap(({ followers }) => followers))].filter(
      (name) => !asked.has(name) && !followed.has(name),
    );
  }
  return new Map(
    services.map((service) => {
      const owner = followed.get(service)?.owner ?? service;
      return [service, { touches: followAll(service, followed), owner }];
    }),
  );
}

/** A unit and all that follows it, by all of their names. */
export function followAll(
  service: string,
  followed: ReadonlyMap<string, Omit<Followed, 'owner'>>,
): ReadonlySet<string> {
  const all = new Set([service]);
  // a set that grows is walked to its end
  for (const name of all) {
    const { names, followers } = followed.get(name) ?? { names: [], followers: [] };
    for (const other of [...names, ...followers]) all.add(other);
  }
  return all;
}

async function askFollowers(names: readonly string[]): Promise<Followed[]> {
  const units = names.filter(isUnitName);
  if (units.length === 0) return [];
  const args = ['show', `--property=${PROPERTIES.join(',')}`, '--', ...units];
  const { exitCode, stdout, stderr } = await runSystemctl(args, TIMEOUT_MS);
  if (exitCode !== 0) throw new UserError(EXIT.failed, `systemctl show: ${firstLine(stderr)}`);
  return parseShow(stdout, PROPERTIES).map((unit) => {
    const words = (key: string): string[] =>
      (readValue(unit, key) ?? '').split(' ').filter((word) => word !== '');
    const isOwn = readValue(unit, 'DynamicUser') === 'yes';
    return {
      names: [...words('Id'), ...words('Names')],
      followers: FOLLOWERS.flatMap(words),
      owner: readValue(unit, 'User') ?? (isOwn ? (words('Id')[0] ?? '') : 'root'),
    };
  });
}
