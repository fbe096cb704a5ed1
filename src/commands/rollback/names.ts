import { listFinished } from '../../act/journal/journal.ts';
import type { Manifest } from '../../act/journal/manifest.ts';
import { unitName } from '../../config/schema/service-name.ts';
import { TARGET } from '../../targets/registry.ts';
import { isNamed } from './select.ts';

/**
 * The finished changes, oldest first, each of the service by its own name, and the `names` that were asked
 * for likewise: changes that were made of one service by several names are of the same files, and so one
 * chain.
 */
export async function readTrueChanges(
  backupDir: string,
  names: string[],
): Promise<{ finished: Manifest[]; names: string[] }> {
  const found = await listFinished(backupDir);
  const services = found.map(({ service }) => service);
  const own = await readTrueNames([...services, ...names.map(unitName)]);
  const finished = found.map((change) => ({
    ...change,
    service: own.get(change.service) ?? change.service,
  }));
  const toTrue = (name: string): string => {
    const isKnown = finished.some((change) => isNamed(change, [name]));
    return isKnown ? name : (own.get(unitName(name)) ?? name);
  };
  return { finished, names: names.map(toTrue) };
}

/** The own name of each of these services that systemd knows. @throws UserError failed where it does not answer */
export async function readTrueNames(services: string[]): Promise<Map<string, string>> {
  const units = await TARGET.readStates([...new Set(services)]);
  return new Map([...units].map(([name, { id }]) => [name, id]));
}
