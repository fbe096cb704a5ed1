import type { KindName } from '../../../model/types.ts';
import type { WorkerClass } from '../../../kinds/gunicorn/concurrency.ts';

/** A service that can be scaled, as it was found. */
export interface Candidate {
  /** the unit */
  service: string;
  kind: KindName;
  /** of a Gunicorn; null: a Celery worker */
  workerClass: WorkerClass | null;
  /** declared workers */
  workers: number;
  /** what one of them holds; null: not known */
  workerMb: number | null;
  /** what of a running Gunicorn cannot be measured on this host, although its class has it; missing: nothing */
  unseen?: readonly ('busy' | 'backlog')[];
  /** where a Gunicorn listens, for people; null: not told by its command line */
  bind: string | null;
  /** where a Celery worker's queues are; a secret may be in it */
  broker: string | null;
  /** what it is probably connected to, where `broker` is not told: to be asked for */
  guess: string | null;
  /** of a Celery worker */
  queues: string[];
  /** whether the tasks that a Celery worker runs show in its processes: not with threads, gevent or eventlet */
  showsTasks: boolean;
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

/** Thresholds of a metric that a project is to go by. */
export interface ProposedMetric {
  key:
    | 'busy_thresholds'
    | 'backlog_thresholds'
    | 'service_cpu_thresholds'
    | 'cpu_thresholds'
    | 'queue_thresholds';
  thresholds: Record<string, number>;
  /** what they mean, a line of a comment */
  why: string;
}

/** What changes the number of workers, and what holds that back. */
export interface Reasons {
  /** in a few words: `by its queue` */
  by: string;
  metrics: ProposedMetric[];
  /** `queue_metric`, where it is not the usual one */
  queueMetric?: 'load';
  /** durations, where they are not the usual ones */
  minutes?: { key: string; minutes: { scale_up: number; scale_down: number } };
  maxStep: { scale_up?: number; scale_down: number };
  /** `adaptive_scale_down` */
  adaptive?: boolean;
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
