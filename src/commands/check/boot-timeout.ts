import type { Config } from '../../config/schema/schema.ts';
import type { Concurrency } from '../../kinds/shared/concurrency.ts';
import type { UnitState } from '../../model/unit-state.ts';
import type { Target } from '../../targets/target.ts';

const LEAST_S = 120;
const MOST_S = 300;
/** Gunicorn's default of `--timeout`, in seconds. */
const DEFAULT_S = 30;

/**
 * How long the workers of a service may take to load its application, milliseconds: `boot_timeout_seconds`, or else
 * Gunicorn's own `--timeout`, after which a worker that still loads is ended and started again (0: never), within limits:
 * a first try that fails is not the last, and a worker that hangs is not waited for by the hour.
 */
export function bootTimeouts(
  config: Config | null,
  { readConcurrency }: Pick<Target, 'readConcurrency'>,
): (unit: UnitState) => Promise<number> {
  const known = new Map<string, Promise<number>>();
  return (unit) => {
    const found = known.get(unit.unit) ?? readBootTimeout(config, unit, readConcurrency);
    known.set(unit.unit, found);
    return found;
  };
}

async function readBootTimeout(
  config: Config | null,
  unit: UnitState,
  readConcurrency: Target['readConcurrency'],
): Promise<number> {
  const project = Object.values(config?.projects ?? {}).find(
    ({ service_name }) => service_name === unit.unit || service_name === unit.id,
  );
  const seconds =
    project?.boot_timeout_seconds ?? bootTimeoutOf(readTimeout(await readConcurrency(unit)));
  return seconds * 1000;
}

/** The default for a Gunicorn with this `--timeout`, both in seconds; null: it is not known. */
export function bootTimeoutOf(timeout: number | null): number {
  if (timeout === null || !(timeout >= 0)) return LEAST_S;
  return timeout === 0 ? MOST_S : Math.min(Math.max(timeout, LEAST_S), MOST_S);
}

function readTimeout(concurrency: Concurrency | null): number | null {
  const told = concurrency?.timeout ?? null;
  if (told === 'unknown') return null;
  return told === null ? DEFAULT_S : Number(told.text);
}
