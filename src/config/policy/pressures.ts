import { PRESSURES, type PressureKey } from '../../model/metric-name.ts';
import type { Project } from '../schema/schema.ts';

/** The pressures, of the host or of their services, that projects have thresholds for; `all`: every one of them. */
export function listPressures(
  projects: readonly Project[],
  of: Project['pressure_of'],
  all: boolean,
): PressureKey[] {
  const isUsed = (key: PressureKey): boolean =>
    projects.some(
      (each) =>
        (each.pressure_of === of && each[`${key}_thresholds`] !== undefined) ||
        // the budget of memory looks at it
        (of === 'host' && key === 'memory_pressure' && each.memory_threshold_mb !== undefined),
    );
  return PRESSURES.filter((key) => all || isUsed(key));
}
