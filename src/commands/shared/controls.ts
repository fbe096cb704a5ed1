import { addControls } from '../../decide/limits/controls.ts';
import type { Policy } from '../../model/types.ts';
import { readClocks } from '../../host/clock.ts';
import { readControls } from '../../state/controls.ts';

/** The policies with the pauses and pins of the state folder that are in force now. @throws UserError as `readControls` */
export function withControls(policies: Policy[], stateDir: string): Policy[] {
  return openControls(stateDir)(policies);
}

/** What adds the pauses and pins that are in force now to policies. @throws UserError as `readControls` */
export function openControls(stateDir: string): (policies: Policy[]) => Policy[] {
  const controls = readControls(stateDir);
  // most of the time there is none, and no clock is read
  if (controls === null) return (policies) => policies;
  const now = readClocks();
  return (policies) => addControls(policies, controls, now);
}
