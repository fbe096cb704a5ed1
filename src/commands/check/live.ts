import { findObstacle } from '../../act/live.ts';
import { tellNeither } from '../../act/plan.ts';
import type { ActDeps } from '../../act/ports.ts';
import type { Plan } from '../../act/types.ts';
import { isRunning } from '../../model/unit-state.ts';
import { checkKeptConnections } from './findings/kept-connections.ts';
import type { Finding } from './findings/types.ts';
import type { UnitState } from '../../model/unit-state.ts';
import { TARGET } from '../../targets/registry.ts';
import { toFinding } from './host.ts';
import { kindNamed } from '../../kinds/registry.ts';
import type { Looked, Tell } from './looked.ts';

/** How a change would get into force. */
export async function checkLive(
  { name, unit, project, deps }: Looked,
  plan: Plan,
  tell: Tell,
): Promise<Finding[]> {
  if (!isRunning(unit)) return [];
  const { apply } = project;
  const { kind, barrier } = plan;
  const asked = await askLive(plan, unit, deps);
  const others = tellOthers(plan, tell);
  const isBarred = barrier !== null && apply !== 'live-only';
  if ('fault' in asked) {
    const evidence = `whether it can be changed while it runs could not be determined: ${asked.fault}`;
    if (isBarred) return tellBarrier(`${barrier}; ${evidence}`, true, tell);
    if (apply === 'restart') return others;
    const now = `${evidence}; until that is fixed, it is not changed`;
    return [tell('live_unknown', 'warning', now, 'fix that, or set "apply": "restart"')];
  }
  const { obstacle } = asked;
  if (isBarred) {
    const why = obstacle === null ? barrier : tellNeither(barrier, obstacle, apply);
    return tellBarrier(why, obstacle !== null, tell);
  }
  if (obstacle === null) {
    return apply === 'restart' && kindNamed(kind).serves === 'requests'
      ? [
          ...others,
          tell(
            'live_recommended',
            'info',
            'each change restarts it, which cuts requests; it could be changed while it runs',
            'set "apply": "live"',
          ),
        ]
      : [
          ...others,
          tell('live_possible', 'info', 'it can be changed while it runs (apply: live)'),
          ...checkKeptConnections(name, (await TARGET.locate(unit)).command()?.concurrency ?? null),
        ];
  }
  if (apply === 'restart')
    return [
      ...others,
      tell('live_impossible', 'info', `each change restarts it, because ${obstacle}`),
    ];
  const isOnly = apply === 'live-only';
  const instead = isOnly ? 'so it is never changed' : 'so each change restarts it';
  return [
    ...others,
    tell(
      'live_impossible',
      isOnly ? 'error' : 'warning',
      `it cannot be changed while it runs: ${obstacle}; ${instead}`,
      isOnly ? 'set "apply": "live" or "restart"' : 'fix that, or set "apply": "restart"',
    ),
  ];
}

/** A service that must not be restarted, whatever "apply" says. */
function tellBarrier(why: string, isStuck: boolean, tell: Tell): Finding[] {
  return isStuck
    ? [tell('restart_barred', 'error', `it cannot be changed: ${why}`)]
    : [
        tell(
          'restart_barred',
          'warning',
          `it must not be restarted, so it is changed while it runs: ${why}`,
          'set "apply": "live", which says the same',
        ),
      ];
}

function tellOthers({ also }: Plan, tell: Tell): Finding[] {
  if (also.length === 0) return [];
  const evidence = `a restart of it also stops or restarts ${also.join(', ')}, which must be active again afterwards`;
  return [tell('restart_hits_others', 'info', evidence)];
}

/** `fault`: what a change would be refused for, and tried again by the next run. */
async function askLive(
  { obstacle, kind }: Plan,
  unit: UnitState,
  deps: ActDeps,
): Promise<{ obstacle: string | null } | { fault: string }> {
  if (obstacle !== null) return { obstacle };
  try {
    return { obstacle: await findObstacle(kind, unit, deps) };
  } catch (error) {
    return { fault: toFinding('', error).evidence };
  }
}
