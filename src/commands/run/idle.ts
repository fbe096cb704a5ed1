import type { Logger } from 'pino';
import type { Config } from '../../config/schema/schema.ts';
import type { Measurement } from '../../measure/sample.ts';
import type { Decision, Policy } from '../../model/types.ts';
import type { UnitState } from '../../model/unit-state.ts';
import type { ServiceReport } from './run-report.ts';
import type { World } from './world.ts';

/** What is known of a service that needs no other change. */
export interface Idle {
  decision: Decision;
  policy: Policy;
  unit: UnitState;
  measured: Measurement;
  report: ServiceReport;
}

/** What is needed to handle it. */
export interface IdleBy {
  config: Config;
  log: Logger;
  world: World;
  getsOn: () => void;
  /** nothing more is begun for it in this run */
  blocked: boolean;
}

/** The report with one more note in its reason. */
export function withNote(report: ServiceReport, note: string): ServiceReport {
  return { ...report, reason: `${report.reason}; ${note}` };
}
