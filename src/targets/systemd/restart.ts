import { EXIT, UserError } from '../../errors.ts';
import { findDoomedSockets } from '../../host/sockets/doomed-sockets.ts';
import type { UnitState } from '../../model/unit-state.ts';
import { parseShow, readPaths, readValue, type Properties } from './show.ts';
import { askSystemctl, firstLine } from './systemctl.ts';
import { isUnitName } from './units.ts';

const PROPERTIES = [
  ...['Id', 'RefuseManualStart', 'RefuseManualStop', 'TriggeredBy'],
  ...['RuntimeDirectory', 'RuntimeDirectoryPreserve'],
];
const TIMEOUT_MS = 10_000;

/** What systemd has to say of the restart of a service, before it is made. */
interface RestartRules {
  /** why it would be refused, as a sentence; null: it would not */
  refusal: string | null;
  /** folders of `RuntimeDirectory=` that go with the stop (systemd.exec(5)), as paths */
  doomedFolders: string[];
  /** its sockets, by unit */
  sockets: string[];
}

/**
 * Why a service must not be restarted, as a sentence; null: it may. See `findBarrier` of the target.
 *
 * @throws UserError failed where systemd does not answer
 */
export async function findBarrier(
  unit: UnitState,
  also: readonly string[],
  isDrained: boolean,
): Promise<string | null> {
  const rules = await readRestartRules(unit.unit, also, isDrained);
  return rules.refusal ?? tellDoomed(rules, unit);
}

function tellDoomed({ doomedFolders, sockets }: RestartRules, unit: UnitState): string | null {
  const [first] = findDoomedSockets(doomedFolders, unit);
  if (first === undefined) return null;
  const who = first.isSystemds ? (sockets[0] ?? 'systemd') : 'another service';
  return `a restart removes ${doomedFolders.join(', ')} (RuntimeDirectory=), and with it ${first.path}, on which ${who} listens: nobody could connect to it any more (RuntimeDirectoryPreserve=yes in its unit would keep it)`;
}

/**
 * `isDrained`: the service ends by itself and is started afterwards, as a Celery worker is; `followers`, which are active and
 * go down with it, are started then too. Otherwise it is restarted, and they with it.
 *
 * @throws UserError failed where systemd does not answer
 */
async function readRestartRules(
  service: string,
  followers: readonly string[],
  isDrained: boolean,
): Promise<RestartRules> {
  const asked = [service, ...(isDrained ? followers : [])].filter(isUnitName);
  const args = ['show', `--property=${PROPERTIES.join(',')}`, '--', ...asked];
  const { exitCode, stdout, stderr } = await askSystemctl(args, TIMEOUT_MS);
  if (exitCode !== 0) throw new UserError(EXIT.failed, `systemctl show: ${firstLine(stderr)}`);
  const [own = new Map<string, string[]>(), ...others] = parseShow(stdout, PROPERTIES);
  const stuck = others.find((unit) => isSet(unit, 'RefuseManualStart'));
  const preserve = readValue(own, 'RuntimeDirectoryPreserve') ?? 'no';
  const isKept = preserve === 'yes' || (preserve === 'restart' && !isDrained);
  return {
    refusal: tellRefusal(own) ?? (stuck === undefined ? null : tellStuck(stuck)),
    doomedFolders: isKept ? [] : readPaths(own, 'RuntimeDirectory').map((name) => `/run/${name}`),
    sockets: (readValue(own, 'TriggeredBy') ?? '')
      .split(' ')
      .filter((name) => name.endsWith('.socket')),
  };
}

/** A folder of a service's `RuntimeDirectory=`, as a path, that goes when it is stopped or restarted. */
export interface PassingFolder {
  unit: string;
  path: string;
}

/** Those of all services that are active. @throws UserError failed where systemd does not answer */
export async function listPassingFolders(): Promise<PassingFolder[]> {
  const args = ['show', `--property=${PROPERTIES.join(',')}`, '--state=active', '--', '*.service'];
  const { exitCode, stdout, stderr } = await askSystemctl(args, TIMEOUT_MS);
  if (exitCode !== 0) throw new UserError(EXIT.failed, `systemctl show: ${firstLine(stderr)}`);
  return parseShow(stdout, PROPERTIES).flatMap((unit) =>
    readValue(unit, 'RuntimeDirectoryPreserve') === 'yes'
      ? []
      : readPaths(unit, 'RuntimeDirectory').map((name) => ({
          unit: readValue(unit, 'Id') ?? '',
          path: `/run/${name}`,
        })),
  );
}

function tellRefusal(unit: Properties): string | null {
  for (const key of ['RefuseManualStop', 'RefuseManualStart']) {
    if (isSet(unit, key)) return `systemd refuses to restart it (${key}=yes in its unit)`;
  }
  return null;
}

function tellStuck(unit: Properties): string {
  return `${readValue(unit, 'Id')} goes down with it, and systemd would refuse to start that again (RefuseManualStart=yes in its unit)`;
}

function isSet(unit: Properties, key: string): boolean {
  return readValue(unit, key) === 'yes';
}
