import type { Config } from '../../config/schema/schema.ts';
import type { UnitState } from '../../model/unit-state.ts';

/** The units, each with the `kind` that the config declares for it, under either name of the unit. */
export function declareKinds(
  units: ReadonlyMap<string, UnitState>,
  config: Pick<Config, 'projects'> | null,
): Map<string, UnitState> {
  const kinds = new Map(
    Object.values(config?.projects ?? {}).flatMap(({ service_name, kind }) =>
      kind === undefined ? [] : [[service_name, kind] as const],
    ),
  );
  return new Map(
    Array.from(units, ([name, unit]) => {
      const kind = kinds.get(unit.unit) ?? kinds.get(unit.id);
      return [name, kind === undefined ? unit : { ...unit, kind }];
    }),
  );
}
