import { UserError } from '../../errors.ts';
import { joinCalls } from '../../host/join-calls.ts';
import type { Target } from '../target.ts';
import { tellRestartedSince, tellRestarting } from './crash-loop.ts';
import { runSystemctl } from './systemctl.ts';
import { isCurrent, toUnitMemory } from './unit-facts.ts';
import { readUnits } from './units.ts';
import { verifyUnit } from './verify.ts';

/** Services that systemd runs on this host: the number is text of a unit file, or of a drop-in of ours. */
export const systemd: Target = {
  name: 'systemd',
  find: async () => (await import('./list-services.ts')).listServices(),
  readStates: (names) => readUnits(names),
  readStatesBeside: joinCalls((asked: string[][]) =>
    readUnits([...new Set(asked.flat())], runSystemctl),
  ),
  remember: toUnitMemory,
  isCurrent,
  // only a change, or a check, reads units anew; what follows is not small
  locate: async (unit) => (await import('./declared.ts')).readDeclared(unit),
  locateAfter: async (unit) => (await import('./locate-after.ts')).locatorOf(unit),
  plan: async (...of) => (await import('./plan-number.ts')).planNumber(...of),
  findBarrier: async (...of) => (await import('./restart.ts')).findBarrier(...of),
  readConcurrency: async (unit) => {
    const { readDeclared } = await import('./declared.ts');
    try {
      return readDeclared(unit).command()?.concurrency ?? null;
    } catch (error) {
      // which is said of the service itself
      if (error instanceof UserError) return null;
      throw error;
    }
  },
  runApart: async (command) => (await import('./run-apart.ts')).runApart(command),
  enforce: async () => (await import('./actions.ts')).daemonReload(),
  readConcerned: async (services) => (await import('./propagation.ts')).readPropagation(services),
  restart: async (service) => (await import('./actions.ts')).restartUnit(service),
  start: async (service) => (await import('./actions.ts')).startUnit(service),
  resetFailed: async (service) => (await import('./actions.ts')).resetFailedUnit(service),
  bringBack: async (unit) => (await import('./actions.ts')).bringBackUnit(unit),
  verify: verifyUnit,
  tellRestarting: (now, before) =>
    before === undefined ? tellRestarting(now) : tellRestartedSince(now, before),
};
