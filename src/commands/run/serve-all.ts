import type { Logger } from 'pino';
import type { Outcome } from '../../act/types.ts';
import type { Config } from '../../config/schema/schema.ts';
import { decideHeal } from '../../decide/heal.ts';
import type { Decision, Policy } from '../../model/types.ts';
import type { Measurement } from '../../measure/sample.ts';
import type { ServiceReport } from './run-report.ts';
import type { UnitState } from '../../model/unit-state.ts';
import { withOutcome } from './report-decision.ts';
import { serve } from './serve.ts';
import type { Recovered, World } from './world.ts';

/** How long the end of a run waits for Celery's running tasks, for all services together. */
const DRAINS_MS = 60_000;

/** What was measured, and the decisions that follow from it, the most urgent first. */
export interface Look {
  units: ReadonlyMap<string, UnitState>;
  policies: readonly Policy[];
  measured: Measurement;
  decisions: Decision[];
  /** why a service must not be changed: a change of it was under way when it was measured; null: it may be */
  whyBlocked: (service: string) => string | null;
}

/** What is needed to handle all services. */
export interface ServeAllBy {
  config: Config;
  log: Logger;
  world: World;
  recovered: Recovered;
}

/** The reports of all decisions in their order, and whether something else went wrong. */
export interface Served {
  services: ServiceReport[];
  hasFailed: boolean;
}

/** Whether a service needs a place among the changes under way: for a new number, or to heal its drift. */
function wantsChange(
  decision: Decision,
  { policies, measured }: Pick<Look, 'policies' | 'measured'>,
): boolean {
  if (decision.action !== 'none') return true;
  const policy = policies.find(({ service }) => service === decision.service);
  return policy !== undefined && decideHeal(decision, policy, measured.sample) !== null;
}

/**
 * Gives every service its turn; those that are to be changed are handled side by side, the most urgent first. Then it
 * waits for Celery's running tasks, and for whatever is slow.
 */
export async function serveAll(look: Look, by: ServeAllBy): Promise<Served> {
  const { world, recovered } = by;
  const begun = new Map<string, ServiceReport>();
  const turns = Promise.all(await beginTurns(look, begun, by));
  await Promise.race([turns, world.calm()]);
  const untilMs = world.monotonicMs() + DRAINS_MS;
  const ended: Outcome[] = [];
  const done = new Set<string>();
  const finish = async (): Promise<void> => {
    const before = recovered.outcomes.filter(isDraining);
    const names = [...before.map(({ service }) => service), ...begun.keys()];
    const draining = new Set(names.filter((service) => !done.has(service)));
    for (const service of draining) done.add(service);
    ended.push(...(await world.finishDrains(draining, untilMs)));
  };
  const [services] = await Promise.all([turns, recovered.ended, finish()]);
  // slow changes may meanwhile have reached the point where they wait for tasks
  await finish();
  return {
    services: services.map((report) => {
      const outcome = ended.find(({ service }) => service === report.service);
      const first = begun.get(report.service);
      return outcome === undefined || first === undefined ? report : withOutcome(first, outcome);
    }),
    hasFailed: ended.some(({ result, service }) => result === 'failed' && !begun.has(service)),
  };
}

/** Begins or queues each service; those whose Celery worker is finishing its tasks are added to `begun`. */
async function beginTurns(
  look: Look,
  begun: Map<string, ServiceReport>,
  { world, config, log }: ServeAllBy,
): Promise<Promise<ServiceReport>[]> {
  const turns = look.decisions.map((decision) => {
    const { service: unit } = decision;
    const whyNot = (): string | null => look.whyBlocked(unit) ?? world.whyNot();
    const work = (getsOn: () => void): Promise<ServiceReport> =>
      serve({ ...look, decision }, { config, log, world, getsOn, whyNot, begun });
    return { unit, work, changes: wantsChange(decision, look) && look.whyBlocked(unit) === null };
  });
  const changing = await world.takeTurns(turns.filter(({ changes }) => changes));
  return turns.map(({ work, changes }) => (changes ? changing.shift()! : work(() => undefined)));
}

function isDraining({ result }: Outcome): boolean {
  return result === 'draining';
}
