import type { Clocks } from '../decide/control-types.ts';
import { addControls } from '../decide/controls.ts';
import type { Policy } from '../decide/types.ts';
import { readBootTime } from '../measure/boot-clock.ts';
import { readControls } from '../state/controls.ts';

/** The policies with the pauses and pins of the state folder that are in force now. @throws UserError as `readControls` */
export function withControls(policies: Policy[], stateDir: string): Policy[] {
  const controls = readControls(stateDir);
  // most of the time there is none, and no clock is read
  return controls === null ? policies : addControls(policies, controls, readClocks());
}

/** Now, on both clocks. */
export function readClocks(): Clocks {
  return { atMs: Date.now(), ...readBootTime() };
}
