import { EXIT, UserError } from '../../errors.ts';
import { tellRestarting } from './crash-loop.ts';
import { parseShow, readNumber, readPaths, readValue, type Properties } from './show.ts';
import { askSystemctl, firstLine } from './systemctl.ts';
import { parseTimespan, readTimerInterval } from './timespan.ts';
import { isUnitName } from './units.ts';

const TIMER = 'autoscaler.timer';
const SERVICE = 'autoscaler.service';

const PROPERTIES = [
  'Id',
  'Names',
  'LoadState',
  'ActiveState',
  'SubState',
  'NRestarts',
  'UnitFileState',
  'Result',
  'ExecMainStatus',
  'ExecMainStartTimestampMonotonic',
  'ExecMainExitTimestampMonotonic',
  'NextElapseUSecMonotonic',
  'LastTriggerUSecMonotonic',
  'TimersMonotonic',
  'DropInPaths',
];

const TIMEOUT_MS = 10_000;

/** Our timer and the service that it starts. Moments are on systemd's monotonic clock, milliseconds. */
export interface TimerState {
  state: 'on' | 'off' | 'not_installed';
  /** whether it starts with the host */
  enabled: boolean;
  /** null: none is planned, as while a run is under way */
  nextMs: number | null;
  /** when the run that is under way began; null: none is */
  runningSinceMs: number | null;
  /** when the last run ended, or where systemd has forgotten that, when it began; null: none that systemd knows of */
  lastMs: number | null;
  /** `success`, or why the last run counts as failed: `exit-code`, `signal`, `timeout` …; null: not known */
  lastResult: string | null;
  lastExitCode: number | null;
}

/** What systemd says of our timer and, by the name that was asked for, whether each service is active; in one call. */
export interface Overview {
  timer: TimerState;
  /** how often the timer fires, in seconds; null: it has no interval (`OnCalendar=`) */
  everyS: number | null;
  /** drop-ins of the timer, in the order in which they count */
  dropIns: string[];
  /** `ActiveState`; a unit that does not exist is `not-found`, one that is not loaded says its `LoadState` */
  active: Map<string, string>;
  /** by the same name: systemd's own restarts of it; and what is to be said of one that has ended by itself */
  restarts: Map<string, number>;
  restarting: Map<string, string>;
  /** the unit's own name, which differs where the one that was asked for is an alias */
  ids: Map<string, string>;
}

/** @throws UserError failed where systemd does not answer */
export async function readOverview(services: readonly string[]): Promise<Overview> {
  const names = services.filter(isUnitName);
  const args = ['show', `--property=${PROPERTIES.join(',')}`, '--', TIMER, SERVICE, ...names];
  const { exitCode, stdout, stderr } = await askSystemctl(args, TIMEOUT_MS);
  if (exitCode !== 0) throw new UserError(EXIT.failed, `systemctl show: ${firstLine(stderr)}`);
  return parseOverview(stdout, names);
}

/** The same from what `systemctl show` prints for the timer, its service, and `names`. */
export function parseOverview(text: string, names: readonly string[]): Overview {
  const blocks = parseShow(text, PROPERTIES);
  const named = (name: string): Properties =>
    blocks.find((block) => namesOf(block).includes(name)) ?? new Map<string, string[]>();
  const timer = named(TIMER);
  return {
    timer: toTimer(timer, named(SERVICE)),
    everyS: readTimerInterval((timer.get('TimersMonotonic') ?? []).join('\n')),
    dropIns: readPaths(timer, 'DropInPaths'),
    active: new Map(names.map((name) => [name, toActive(named(name))])),
    restarts: new Map(names.map((name) => [name, readNumber(named(name), 'NRestarts') ?? 0])),
    restarting: new Map(names.flatMap((name) => toRestarting(name, named(name)))),
    ids: new Map(names.map((name) => [name, readValue(named(name), 'Id') ?? name])),
  };
}

function namesOf(block: Properties): string[] {
  return [readValue(block, 'Id') ?? '', ...(readValue(block, 'Names') ?? '').split(' ')];
}

function toActive(block: Properties): string {
  const load = readValue(block, 'LoadState') ?? 'not-found';
  return load === 'loaded' ? (readValue(block, 'ActiveState') ?? 'inactive') : load;
}

function toRestarting(name: string, block: Properties): [string, string][] {
  const reported = tellRestarting({
    activeState: readValue(block, 'ActiveState') ?? '',
    subState: readValue(block, 'SubState') ?? '',
    nRestarts: readNumber(block, 'NRestarts'),
    result: readValue(block, 'Result'),
  });
  return reported === null ? [] : [[name, reported]];
}

function toTimer(timer: Properties, service: Properties): TimerState {
  const isOn = readValue(timer, 'ActiveState') === 'active';
  const isRunning = readValue(service, 'ActiveState') === 'activating';
  const exitUs = readNumber(service, 'ExecMainExitTimestampMonotonic') ?? 0;
  const startUs = readNumber(service, 'ExecMainStartTimestampMonotonic') ?? 0;
  const hasEnded = exitUs > 0;
  // systemd forgets a service that nothing needs, as when its timer is stopped, but not when the timer last fired
  const triggeredMs = parseTimespan(readValue(timer, 'LastTriggerUSecMonotonic') ?? '') ?? 0;
  return {
    state: isOn ? 'on' : toActive(timer) === 'not-found' ? 'not_installed' : 'off',
    enabled: (readValue(timer, 'UnitFileState') ?? '').startsWith('enabled'),
    nextMs: isOn ? parseTimespan(readValue(timer, 'NextElapseUSecMonotonic') ?? '') : null,
    runningSinceMs: isRunning ? startUs / 1000 : null,
    lastMs: hasEnded ? exitUs / 1000 : triggeredMs > 0 && !isRunning ? triggeredMs : null,
    lastResult: hasEnded ? readValue(service, 'Result') : null,
    lastExitCode: hasEnded ? readNumber(service, 'ExecMainStatus') : null,
  };
}
