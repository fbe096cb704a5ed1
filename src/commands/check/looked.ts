import type { ActDeps } from '../../act/ports.ts';
import type { Finding } from './findings/types.ts';
import type { Limits } from '../../config/policy/limits.ts';
import type { Config, Project } from '../../config/schema/schema.ts';
import type { ServiceSample } from '../../model/types.ts';
import type { UnitState } from '../../model/unit-state.ts';

/** One service as it was found. */
export interface Looked {
  name: string;
  project: Project;
  /** those of now */
  limits: Limits;
  unit: UnitState;
  sample: ServiceSample | undefined;
  config: Config;
  deps: ActDeps;
}

/** A finding about one project. */
export type Tell = (
  code: string,
  severity: Finding['severity'],
  evidence: string,
  remedy?: string | null,
) => Finding;
