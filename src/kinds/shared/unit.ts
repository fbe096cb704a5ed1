import type { KindDeps } from '../ports.ts';
import { EXIT, UserError } from '../../errors.ts';
import type { UnitState } from '../../model/unit-state.ts';

/**
 * The state of a unit, also of one that does not exist.
 * @throws UserError failed where systemd does not answer for it
 */
export async function readUnit(service: string, deps: KindDeps): Promise<UnitState> {
  const unit = (await deps.target.readStates([service])).get(service);
  if (unit !== undefined) return unit;
  throw new UserError(EXIT.failed, `${service}: systemd reported nothing about this service`);
}
