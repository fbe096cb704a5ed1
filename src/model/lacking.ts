/** What a host does not have and never will by itself: it makes a value null, and is said once. */
export const LACKING = {
  hostPressure: 'this kernel keeps no pressure (PSI): boot it with psi=1',
  groupPressure: 'no pressure is kept of its cgroup: that needs cgroup v2, and PSI in the kernel',
  groupCpu: 'its CPU is not accounted: set CPUAccounting=yes in the unit',
} as const;

/** Whether an error says what a host lacks. */
export function isLacking(error: string): boolean {
  return Object.values(LACKING).some((text) => text === error);
}
