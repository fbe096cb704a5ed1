import type { KindActions } from '../actions.ts';
import { portOf } from '../shared/port-of.ts';
import { gunicornPorts } from './ports.ts';

/**
 * Why new workers of a running Gunicorn would not come up, as far as that shows beforehand: a worker that cannot load the
 * application ends its master, and with it those that serve. null: nothing is known against it, or none is started.
 */
export const findLoadFault: KindActions['findLoadFault'] = ({ to, resize }, tree, unit, deps) => {
  if (resize === 'live' && to <= tree.workerPids.length) return Promise.resolve(null);
  deps.step('try to load');
  return portOf(gunicornPorts, deps).findLoadFault(unit, tree, resize);
};
