import { EXIT, UserError } from '../../errors.ts';
import { expandPattern } from './patterns.ts';
import {
  parseShow,
  readEnvironmentFiles,
  readNumber,
  readPaths,
  readValue,
  type Properties,
} from './show.ts';
import { askSystemctl, firstLine } from './systemctl.ts';
import { parseTimespan } from './timespan.ts';
import type { UnitState } from '../../model/unit-state.ts';

const PROPERTIES = [
  'Id',
  'Names',
  'LoadState',
  'LoadError',
  'ActiveState',
  'SubState',
  'UnitFileState',
  'Type',
  'MainPID',
  'ControlGroup',
  'FragmentPath',
  'DropInPaths',
  'EnvironmentFiles',
  'WorkingDirectory',
  'NRestarts',
  'ExecMainStartTimestampMonotonic',
  'NeedDaemonReload',
  'CPUUsageNSec',
  'CPUQuotaPerSecUSec',
  'MemoryMax',
  'MemoryHigh',
  'Result',
  'InvocationID',
];

const TIMEOUT_MS = 10_000;

/**
 * What systemd says of each unit, by the name that was asked for, in one call for all. A unit that does
 * not exist has an answer too (`not-found`). `ask`: by what systemctl is called.
 *
 * @throws UserError failed where systemd does not answer
 */
export async function readUnits(
  names: readonly string[],
  ask: typeof askSystemctl = askSystemctl,
): Promise<Map<string, UnitState>> {
  const states = new Map(names.map((name) => [name, absentUnit(name)]));
  const askable = names.filter(isUnitName);
  if (askable.length === 0) return states;
  const args = ['show', `--property=${PROPERTIES.join(',')}`, '--', ...askable];
  const { exitCode, stdout, stderr } = await ask(args, TIMEOUT_MS);
  if (exitCode !== 0) throw new UserError(EXIT.failed, `systemctl show: ${firstLine(stderr)}`);
  for (const properties of parseShow(stdout, PROPERTIES)) {
    const own = [readValue(properties, 'Id'), ...(readValue(properties, 'Names') ?? '').split(' ')];
    for (const name of askable) {
      if (own.includes(name)) states.set(name, toUnitState(name, properties));
    }
  }
  return states;
}

/**
 * Whether systemd knows such a name (systemd.unit(5)). For any other one, and for a template without an
 * instance, `systemctl show` ends at once and says nothing of the units after it.
 */
export function isUnitName(name: string): boolean {
  return /^[A-Za-z0-9:_.\\@-]{1,255}$/.test(name) && /[^@]\.[a-z]+$/.test(name);
}

function toUnitState(unit: string, properties: Properties): UnitState {
  const text = (key: string): string | null => readValue(properties, key);
  const number = (key: string): number | null => readNumber(properties, key);
  const environmentFiles = readEnvironmentFiles(properties);
  return {
    unit,
    id: text('Id') ?? unit,
    loadState: text('LoadState') ?? 'not-found',
    // `org.freedesktop.systemd1.UnitMasked "Unit shop.service is masked."`: the sentence is for people
    loadError: text('LoadError')?.replace(/^\S+ "([^]*)"$/, '$1') ?? null,
    activeState: text('ActiveState') ?? 'inactive',
    subState: text('SubState') ?? 'dead',
    unitFileState: text('UnitFileState'),
    type: text('Type'),
    mainPid: number('MainPID') || null,
    controlGroup: text('ControlGroup'),
    fragmentPath: text('FragmentPath'),
    dropInPaths: readPaths(properties, 'DropInPaths'),
    environmentFiles: environmentFiles.flatMap(({ path, optional }): EnvironmentFiles => {
      const files = expandPattern(path);
      if (files === null) return [{ path, optional, tooMany: true }];
      return files.map((file) => ({ path: file, optional }));
    }),
    // `!`: may be missing
    workingDirectory: text('WorkingDirectory')?.replace(/^!/, '') ?? null,
    nRestarts: number('NRestarts'),
    mainStartUs: number('ExecMainStartTimestampMonotonic') || null,
    needDaemonReload: text('NeedDaemonReload') === 'yes',
    cpuUsageNs: number('CPUUsageNSec'),
    cpuQuotaCores: toCores(text('CPUQuotaPerSecUSec')),
    memoryMaxBytes: number('MemoryMax'),
    memoryHighBytes: number('MemoryHigh'),
    result: text('Result'),
    invocationId: text('InvocationID'),
  };
}

/** `500ms` of each second is half a processor. */
function toCores(perSecond: string | null): number | null {
  const ms = perSecond === null ? null : parseTimespan(perSecond);
  return ms === null ? null : ms / 1000;
}

type EnvironmentFiles = UnitState['environmentFiles'];

function absentUnit(unit: string): UnitState {
  const loadError = `Unit ${unit} not found.`;
  return { ...toUnitState(unit, new Map()), loadError };
}
