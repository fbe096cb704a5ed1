import { addControls } from '../../decide/limits/controls.ts';
import type { Policy } from '../../model/types.ts';
import { readClocks } from '../../host/clock.ts';
import { readControls } from '../../state/controls.ts';

/** The policies with the pauses and pins of the state folder that are in force now. @throws UserError like `readControls` */
export function withControls(policies: Policy[], stateDir: string): Policy[] {
  return openControls(stateDir)(policies);
}

/** Returns a function that adds the pauses and pins in force now to policies. @throws UserError like `readControls` */
export function openControls(stateDir: string): (policies: Policy[]) => Policy[] {
  const controls = readControls(stateDir);
  // most of the time there are none, and no clock has to be read
  if (controls === null) return (policies) => policies;
  const now = readClocks();
  return (policies) => addControls(policies, controls, now);
}
