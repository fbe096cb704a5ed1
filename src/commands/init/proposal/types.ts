import type { Candidate, Reasons } from '../../../kinds/shared/proposal.ts';

/** A service that looks like one and cannot be used. */
export interface Unusable {
  service: string;
  why: string;
  hint: string;
}

/** The host. */
export interface Host {
  cores: number;
  totalMb: number;
  availableMb: number;
}

/** What the config is to say of a candidate. */
export interface Proposal {
  project: string;
  candidate: Candidate;
  enabled: boolean;
  minWorkers: number;
  maxWorkers: number;
  reasons: Reasons;
  memoryThresholdMb: number;
  apply: 'live' | 'restart';
}
