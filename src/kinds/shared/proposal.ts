import type { KindName } from '../../model/types.ts';
import type { WorkerClass } from './concurrency.ts';

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
  /** where a Gunicorn listens, for people; null: its command line does not say */
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

/** What is left below an up threshold, so that what is lowered is not raised again: two thirds of it remain. */
const ROOM = 2 / 3;
/** Percent of a processor for each worker, of what they can have: a loop that computes 70 % of the time answers late. */
export const COMPUTES = 70;

/** Where a service stands when it is asked what it should go by. */
export interface Room {
  cores: number;
  min: number;
  max: number;
}

/**
 * Without its broker, or its sockets, only what it uses is known. All its processes share the processors, so the more there are, the less
 * each can have: one threshold for all, in reach of the most.
 */
export function goByOwnCpu({ cores, min, max }: Room): Reasons {
  const full = 100 * Math.min(1, cores / (max - 1));
  const up = floor(Math.min(COMPUTES, full * 0.8));
  return {
    by: 'by its own CPU',
    metrics: [
      {
        key: 'service_cpu_thresholds',
        thresholds: { [`scale_up_${max}`]: up, [`scale_down_${min}`]: below(up, min) },
        why: 'its own CPU, percent of a processor per worker: above for 2 minutes: more workers; below for 10: one fewer',
      },
    ],
    maxStep: { scale_up: Math.ceil((max - min) / 2), scale_down: 1 },
  };
}

/** Where systemd does not count the CPU of services either: that of the host, as far as the fewest workers fill it. */
export function goByHostCpu({ cores, min, max }: Room): Reasons {
  const full = 100 * Math.min(1, min / cores);
  const up = floor(Math.min(COMPUTES, full * 0.8));
  return {
    by: "by the host's CPU",
    metrics: [
      {
        key: 'cpu_thresholds',
        thresholds: { [`scale_up_${max}`]: up, [`scale_down_${min}`]: below(up, min) },
        why: "percent of the host's CPU: above for 2 minutes: more workers; below for 10: one fewer",
      },
    ],
    maxStep: { scale_up: Math.ceil((max - min) / 2), scale_down: 1 },
  };
}

/** Half way, then all the way up. */
export function climb(
  min: number,
  max: number,
  at: { some: number; all: number },
): Record<string, number> {
  const middle = Math.ceil((min + max) / 2);
  if (middle === max) return { [`scale_up_${max}`]: at.some };
  return { [`scale_up_${middle}`]: at.some, [`scale_up_${max}`]: at.all };
}

/**
 * The threshold to fewer below one to more: the load of those that go, so many at once, falls upon the others, of which
 * there are at least `min`.
 */
export function below(up: number, min: number, step = 1): number {
  return floor((up * ROOM * min) / (min + step));
}

/** Down to a whole number, or a tenth where that says more; never 0, below which nothing is. */
export function floor(value: number): number {
  return value >= 10 ? Math.floor(value) : Math.max(0.1, Math.floor(value * 10) / 10);
}
