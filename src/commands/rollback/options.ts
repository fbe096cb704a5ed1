import type { GlobalOptions } from '../shared/global-options.ts';

export interface RollbackOptions extends GlobalOptions {
  services: string[];
  list?: boolean;
  changed?: boolean;
  last?: boolean;
  keepTimer?: boolean;
  dryRun?: boolean;
  json?: boolean;
}
