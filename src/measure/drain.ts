import { withoutDrain, type DrainInput } from '../kinds/load.ts';
import { kindNamed } from '../kinds/registry.ts';
import { measureError } from '../model/measure-error.ts';
import type { KindName, ServiceSample } from '../model/types.ts';

/** A service whose drain rate is wanted; `kind` null: what it runs is not known. */
export type DrainRequest = DrainInput & { kind: KindName | null };

const UNKNOWN_KIND = measureError('unclear', 'what it runs is not known');

/** What a service has of a drain rate, by the kind that it runs. */
export async function withDrain(
  found: ServiceSample,
  { kind, ...input }: DrainRequest,
): Promise<ServiceSample> {
  if (kind === null) return withoutDrain(found, UNKNOWN_KIND);
  const { load, words } = kindNamed(kind);
  const measure = await load.drain?.();
  if (measure !== undefined) return measure(found, input);
  const why = `${words.label} takes none from a queue`;
  return withoutDrain(found, measureError('not_applicable', why));
}
