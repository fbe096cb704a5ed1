import type { Kind } from '../decide/types.ts';

/** A service that can be scaled, as it was found. */
export interface Candidate {
  /** the unit */
  service: string;
  kind: Kind;
  /** declared workers */
  workers: number;
  /** what one of them holds; null: not known */
  workerMb: number | null;
  /** where a Gunicorn listens, for people; null: not told by its command line */
  bind: string | null;
  /** where a Celery worker's queues are; a secret may be in it */
  broker: string | null;
  /** what it is probably connected to, where `broker` is not told: to be asked for */
  guess: string | null;
  /** of a Celery worker */
  queues: string[];
  /** whether systemd counts the CPU that the service uses */
  hasCpu: boolean;
  /** why the running pool could not be changed without a restart; null: it can */
  obstacle: string | null;
}

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
  metric: 'cpu' | 'queue';
  /** percent of the busy CPU that it must have used itself to be raised; null: not asked for */
  ownShare: number | null;
  thresholds: Record<string, number>;
  memoryThresholdMb: number;
  apply: 'live' | 'restart';
}
