import { toUserError } from '../host/fault.ts';
import type { Concerned } from '../targets/target.ts';
import type { ActDeps } from './ports.ts';

/**
 * Which units each of these services is not to be changed beside, because systemd restarts or stops one with the other,
 * and whose it is. Where systemd does not tell, each is taken for related to all: they are changed one after the other.
 */
export async function findRelated(
  services: readonly string[],
  deps: ActDeps,
): Promise<(service: string) => Concerned> {
  try {
    const concerned = await deps.target.readConcerned([...services]);
    return (service) => concerned.get(service) ?? { touches: new Set([service]), owner: service };
  } catch (error) {
    if (toUserError(error) === null) throw error;
    return (service) => ({ touches: new Set(services), owner: service });
  }
}
