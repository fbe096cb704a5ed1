import type { KindDeps, KindPort } from '../ports.ts';

/** What a kind alone needs of the world, opened once for all copies of these dependencies. */
export function portOf<T>(port: KindPort<T>, deps: KindDeps): T {
  if (!deps.ports.has(port)) deps.ports.set(port, port.open(deps));
  return deps.ports.get(port) as T;
}
