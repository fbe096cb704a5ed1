import { findRelated } from '../../act/related.ts';
import { planServiceRollback } from '../../act/rollback-plan.ts';
import { openSideBySide } from '../../act/side-by-side.ts';
import type { ActDeps } from '../../act/ports.ts';
import type { Outcome, Plan } from '../../act/types.ts';
import { isRunning } from '../../model/unit-state.ts';
import { readUnit } from '../../kinds/shared/unit.ts';
import type { Config } from '../../config/schema/schema.ts';
import { EXIT, UserError } from '../../errors.ts';
import { toUserError } from '../../host/fault.ts';
import type { RollbackResult } from './report.ts';
import { TARGET } from '../../targets/registry.ts';
import { liveOf } from '../shared/live.ts';
import { readRestart } from '../shared/read-restart.ts';
import type { Chain } from './select.ts';

/** The services beside one another; one that cannot be served stops no other. Answers in the order of `chains`. */
export async function rollBack(
  chains: Chain[],
  config: Config | null,
  deps: ActDeps,
  apply: (plan: Plan, deps: ActDeps) => Promise<Outcome | null>,
): Promise<RollbackResult[]> {
  const beside = openSideBySide();
  const services = chains.map(([{ service }]) => service);
  const related = await findRelated(services, deps);
  const results = chains.map((changes): Promise<RollbackResult> => {
    const [{ service: unit }] = changes;
    return beside.add({
      ...{ unit, ...related(unit) },
      work: (getsOn) => rollBackOne(changes, config, { ...deps, getsOn }, apply),
    });
  });
  try {
    return await Promise.all(results);
  } finally {
    // whatever has happened, no change is left in the middle
    await beside.ended();
  }
}

async function rollBackOne(
  changes: Chain,
  config: Config | null,
  deps: ActDeps,
  apply: (plan: Plan, deps: ActDeps) => Promise<Outcome | null>,
): Promise<RollbackResult> {
  const [{ service, countable, kind }] = changes;
  try {
    const unit = await readUnit(service, deps);
    const declared = await TARGET.locate(unit);
    const tree = unit.mainPid === null ? null : await deps.findWorkerTree(unit);
    const answer = planServiceRollback({
      ...{ backupDir: deps.backupDir, unit, changes, locate: await TARGET.locateAfter(unit) },
      live: {
        ...liveOf(config, service),
        pool: declared.command()?.pool ?? null,
        ...(isRunning(unit) && { restart: await readRestart(unit, kind) }),
      },
      running: tree === null || 'error' in tree || !countable ? null : tree.workerPids.length,
    });
    if (tree !== null && 'error' in tree && tree.unreadable === true)
      refuse(answer.plan, tree.error);
    return { service, ...answer, outcome: await apply(answer.plan, deps) };
  } catch (error) {
    const fault = toUserError(error);
    if (fault === null) throw error;
    return { service, error: fault.message };
  }
}

/** A restart of what cannot be looked at would be taken back, by another one, since nothing shows that it serves. */
function refuse({ service, resize }: Plan, error: string): void {
  if (resize === 'none') return;
  throw new UserError(
    EXIT.failed,
    `${service}: ${error}, so a rollback of it could not be verified; nothing was changed`,
  );
}
