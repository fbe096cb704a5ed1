/** The resources whose shortage the kernel measures as pressure: the share of time in which some had to wait for it. */
export const PRESSURES = ['cpu_pressure', 'memory_pressure', 'io_pressure'] as const;

export type PressureKey = (typeof PRESSURES)[number];

/** The metrics that have thresholds. */
export type MetricName =
  | 'cpu'
  /** tasks that wait; then with those that are handed out, or that run */
  | 'queue'
  | 'queue+unacked'
  | 'queue+running'
  /** waiting and running tasks for each worker, in percent */
  | 'load'
  /** the time that the waiting tasks need at the present rate, in seconds */
  | 'drain_time'
  /** percent of Gunicorn's workers, or their threads, that are in a request */
  | 'busy'
  /** connections that wait to be accepted */
  | 'backlog'
  /** CPU that the service's cgroup uses, in percent of one processor for each worker */
  | 'service_cpu'
  /** percent of the time in which something waited: of the service, or of the host */
  | PressureKey
  | `host_${PressureKey}`;
