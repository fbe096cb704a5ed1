import { toUserError } from '../host-fault.ts';
import type { ActDeps } from './types.ts';

/**
 * Which units each of these services is not to be changed beside, because systemd restarts or stops one with the other.
 * Where systemd does not tell, each is taken for related to all: they are changed one after the other.
 */
export async function findRelated(
  services: readonly string[],
  deps: ActDeps,
): Promise<(service: string) => ReadonlySet<string>> {
  try {
    const propagation = await deps.systemd.readPropagation([...services]);
    return (service) => propagation.get(service) ?? new Set([service]);
  } catch (error) {
    if (toUserError(error) === null) throw error;
    return () => new Set(services);
  }
}
