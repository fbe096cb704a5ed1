import { EXIT, UserError } from '../../errors.ts';
import { firstLine, runSystemctl } from './systemctl.ts';
import { isUnitName } from './units.ts';

const ROWS = ['--type=service', '--plain', '--no-legend', '--full'];
const TIMEOUT_MS = 20_000;

/** All services that are loaded, running or not, and those that start with the host. @throws UserError where systemd does not answer */
export async function listServices(): Promise<string[]> {
  const calls = [
    ['list-units', '--all', ...ROWS],
    ['list-unit-files', '--state=enabled', ...ROWS],
  ];
  const names: string[] = [];
  for (const args of calls) {
    const { exitCode, stdout, stderr } = await runSystemctl(args, TIMEOUT_MS);
    // systemd 257 ends with 1 and says nothing where nothing is listed
    if (exitCode !== 0 && stderr.trim() !== '') {
      throw new UserError(EXIT.failed, `systemctl ${args[0]}: ${firstLine(stderr)}`);
    }
    names.push(...stdout.split('\n').map((line) => line.trim().split(' ', 1)[0] ?? ''));
  }
  return [...new Set(names)].filter((name) => isUnitName(name));
}
