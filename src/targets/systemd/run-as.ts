import { EXIT, UserError } from '../../errors.ts';
import { parseShow, readValue, type Properties } from './show.ts';
import { askSystemctl, firstLine } from './systemctl.ts';

/** A command of a unit. */
export interface ExecLine {
  /** such as `ExecStart` */
  key: string;
  path: string;
  /** as systemctl shows them: what stood in quotes is split too */
  words: string[];
  /** it runs as root whatever User= says (`+` or `!` before it) */
  isPrivileged: boolean;
}

/** As whom a unit's commands run. */
export interface RunAs {
  /** a name or a number; null: none is set, so it is root */
  user: string | null;
  /** systemd makes a user up at each start */
  isDynamic: boolean;
  /** what the paths of its commands begin below; null: the host's own root */
  rootDirectory: string | null;
  lines: ExecLine[];
}

const EXEC = [
  ...['ExecCondition', 'ExecStartPre', 'ExecStart', 'ExecStartPost', 'ExecReload', 'ExecStop'],
  'ExecStopPost',
];

const PROPERTIES = [
  ...['Id', 'Names', 'User', 'DynamicUser', 'RootDirectory'],
  ...EXEC.map((key) => `${key}Ex`),
];

const TIMEOUT_MS = 10_000;

/** As whom each unit runs, by its own name. @throws UserError failed where systemd does not answer */
export async function readRunAs(units: readonly string[]): Promise<Map<string, RunAs>> {
  if (units.length === 0) return new Map();
  const args = ['show', `--property=${PROPERTIES.join(',')}`, '--', ...units];
  const { exitCode, stdout, stderr } = await askSystemctl(args, TIMEOUT_MS);
  if (exitCode !== 0) throw new UserError(EXIT.failed, `systemctl show: ${firstLine(stderr)}`);
  return new Map(
    parseShow(stdout, PROPERTIES).map((each) => [readValue(each, 'Id') ?? '', toRunAs(each)]),
  );
}

function toRunAs(properties: Properties): RunAs {
  const user = readValue(properties, 'User');
  return {
    user: user === 'root' || user === '0' ? null : user,
    isDynamic: readValue(properties, 'DynamicUser') === 'yes',
    rootDirectory: readValue(properties, 'RootDirectory'),
    lines: EXEC.flatMap((key) =>
      (properties.get(`${key}Ex`) ?? []).flatMap((line) => readLine(key, line)),
    ),
  };
}

/** `{ path=/bin/true ; argv[]=/bin/true a b ; flags=privileged ; start_time=[n/a] ; … }` */
function readLine(key: string, line: string): ExecLine[] {
  const found = /^\{ path=([^]*?) ; argv\[\]=([^]*) ; flags=([a-z -]*) ; start_time=/.exec(line);
  if (found === null) return [];
  const [, path = '', words = '', flags = ''] = found;
  const isPrivileged = /\b(?:privileged|no-setuid)\b/.test(flags);
  return [{ key, path, words: words.split(/\s+/).filter(Boolean), isPrivileged }];
}
