import type { Policy } from '../../model/types.ts';
import { toPolicies } from './policies.ts';
import type { Config } from '../schema/schema.ts';

/** The policies at any moment; what evaluates schedules is loaded only where there are some. */
export async function readPoliciesAt(config: Config): Promise<(now: Date) => Policy[]> {
  if (Object.values(config.projects).every(({ schedules }) => schedules === undefined)) {
    const policies = toPolicies(config);
    return () => policies;
  }
  const { schedulePolicies } = await import('./schedules.ts');
  return schedulePolicies(config);
}
