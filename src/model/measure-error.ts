/**
 * What an error of a measurement means for a run: a fault is reported and fails it, what a host lacks (`absent`) is
 * said once, and what comes with time (`pending`) is not reported at all.
 */
type Severity = 'fault' | 'absent' | 'pending';

/** Why a value could not be had: every code, with what it means. docs/history-format.md has the same table. */
export const MEASURE_ERRORS = {
  first_sample: ['pending', 'an average or a rate needs an earlier sample to start from'],
  none_completed: ['pending', 'no task was completed in the last minutes, so no rate follows'],
  no_pressure: ['absent', 'the kernel keeps no pressure (PSI) of the host'],
  no_group_pressure: ['absent', "no pressure is kept of the service's cgroup"],
  no_cpu_accounting: ['absent', "the CPU of the service's cgroup is not accounted"],
  not_sampled: ['fault', 'the sample has neither the value nor an error for it'],
  wrong_value: ['fault', 'a value was found that cannot be one, such as a negative number'],
  host_unreadable: ['fault', "the kernel's counters of the host cannot be read"],
  counters_unusable: [
    'fault',
    'the CPU counters of the sample before are missing, or are not below those of now',
  ],
  systemd_silent: ['fault', 'systemd has said nothing about the service'],
  not_loaded: ['fault', 'systemd has not loaded the service'],
  unit_unreadable: ['fault', "the service's unit files cannot be read"],
  number_refused: [
    'fault',
    'the number of workers cannot be found in the unit, or cannot be changed there',
  ],
  no_processes: ['fault', 'the service has no processes'],
  no_workers: ['fault', 'it has no workers that could be looked at'],
  no_socket: ['fault', 'its main process listens on no socket'],
  unseen: [
    'fault',
    'its processes or sockets cannot be looked at: permission, size or time does not allow it',
  ],
  unclear: [
    'fault',
    'its processes or sockets were seen, but they do not show what was looked for',
  ],
  not_applicable: ['fault', 'what it runs has no such value'],
  broker_unreachable: ['fault', 'no connection to the broker, or no answer in time'],
  broker_login: ['fault', 'the broker wants a password, or does not accept that of the URL'],
  broker_error: ['fault', 'the broker answers with another error, or its URL cannot be used'],
  queue_unknown: ['fault', 'the length of the queue that it follows from is unknown'],
  tasks_uncounted: ['fault', 'the Celery worker has not said how many tasks it has begun'],
  bug: ['fault', 'a bug in autoscaler'],
  unknown: ['fault', 'recorded without a code, or with one that this version does not know'],
} as const satisfies Record<string, readonly [Severity, meaning: string]>;

export type MeasureErrorCode = keyof typeof MEASURE_ERRORS;

/** Why a value could not be had. `text` is for people: no code looks into it. */
export interface MeasureError<Code extends MeasureErrorCode = MeasureErrorCode> {
  code: Code;
  text: string;
}

/** Errors by the key of the value that is null. */
export type MeasureErrors = Record<string, MeasureError>;

export function measureError<Code extends MeasureErrorCode>(
  code: Code,
  text: string,
): MeasureError<Code> {
  return { code, text };
}

/** Whether something is wrong: neither a lack of the host nor what comes with another sample or a completed task. */
export function isFault({ code }: MeasureError): boolean {
  return MEASURE_ERRORS[code][0] === 'fault';
}

/** Whether the host does not have it and never will by itself. */
export function isAbsent({ code }: MeasureError): boolean {
  return MEASURE_ERRORS[code][0] === 'absent';
}

/** An error as it is recorded: since it has a code `{ code, text }`, before that the text alone. Not checked. */
export type RecordedError = string | { code: string; text: string };

/** A recorded error as one of ours; a code that we do not know is `unknown`. */
export function recallError(recorded: RecordedError): MeasureError {
  if (typeof recorded === 'string') return measureError('unknown', recorded);
  const { code, text } = recorded;
  return measureError(isKnown(code) ? code : 'unknown', text);
}

function isKnown(code: string): code is MeasureErrorCode {
  return Object.hasOwn(MEASURE_ERRORS, code);
}
