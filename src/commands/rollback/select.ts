import { chainOf } from '../../act/journal/chain.ts';
import type { Manifest } from '../../act/journal/manifest.ts';
import { EXIT, UserError } from '../../errors.ts';

/** Changes of one service that are in force, oldest first; never empty. */
export type Chain = [Manifest, ...Manifest[]];

/**
 * The changes to take back, service by service: all that are in force, or the last one only (of each
 * named service, or of all services together where none is named).
 *
 * @throws UserError usage for a name of which no change is known
 */
export function selectChains(finished: Manifest[], names: string[], isLastOnly: boolean): Chain[] {
  requireKnown(names, finished);
  const services = [...new Set(finished.map(({ service }) => service))];
  const chains = services
    .map((service) => chainOf(finished.filter((change) => change.service === service)))
    .filter(isChain)
    .filter(([change]) => isNamed(change, names));
  if (!isLastOnly) return chains;
  const lasts = chains.map((chain): Chain => [chain.at(-1) ?? chain[0]]);
  if (names.length > 0) return lasts;
  const newest = Math.max(...lasts.map(([change]) => numberOf(change)));
  return lasts.filter(([change]) => numberOf(change) === newest);
}

/** Whether a change is of one of these services: by unit, with or without suffix, or by project; no name: of any. */
export function isNamed({ service, project }: Manifest, names: string[]): boolean {
  return (
    names.length === 0 ||
    names.some((name) => name === service || `${name}.service` === service || name === project)
  );
}

function isChain(changes: Manifest[]): changes is Chain {
  return changes.length > 0;
}

function numberOf({ id }: Manifest): number {
  return Number.parseInt(id, 10);
}

function requireKnown(names: string[], finished: Manifest[]): void {
  const unknown = names.filter((name) => !finished.some((change) => isNamed(change, [name])));
  if (unknown.length === 0) return;
  throw new UserError(
    EXIT.usage,
    `no change of ${unknown.join(', ')} is recorded`,
    'autoscaler rollback --list shows all changes.',
  );
}
