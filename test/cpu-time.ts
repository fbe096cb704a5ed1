/** The processor time that `work` takes, in milliseconds: unlike the time on the clock, it does not depend on what else runs. */
export function cpuMsOf(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
