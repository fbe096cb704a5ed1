import { formatDuration } from '../../model/wording.ts';
import { cleanStrings } from '../../output/clean.ts';
import { describeTimer } from '../status/heading.ts';
import type { StatusTimer } from '../status/types.ts';

/** The document of `timer --json`. */
export interface TimerDocument {
  v: 1;
  at: string;
  timer: StatusTimer;
  /** null: it fires by the calendar */
  every_s: number | null;
  /** null: there is none that can be read */
  config: { path: string; check_interval_s: number; given: boolean } | null;
  /** what this call has changed */
  changed: { path: string; backup: string | null }[];
}

/** The timer in a few lines; `isChange`: what was changed too. */
export function renderTimer(given: TimerDocument, isChange: boolean): string {
  const document = cleanStrings(given);
  const { timer, every_s: everyS, changed, at } = document;
  const every =
    everyS === null
      ? 'by calendar (OnCalendar=)'
      : `every ${formatDuration(everyS * 1000)}${everyS > 60 && !isChange ? HINT : ''}`;
  const lines = [
    ...describeTimer(timer, Date.parse(at)).map(([text]) => text),
    `fires   ${every}`,
    ...describeConfig(document),
    ...changed.map(({ path, backup }) =>
      backup === null ? `changed ${path}` : `changed ${path} (backup: ${backup})`,
    ),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

const HINT = '     (another interval: sudo autoscaler timer --every 30s)';

function describeConfig({ config, every_s: everyS }: TimerDocument): string[] {
  if (config === null) return [];
  const { path, check_interval_s: seconds, given } = config;
  if (!given) return [`config  has no check_interval_seconds: the interval of the timer counts`];
  if (everyS === null || seconds === everyS) {
    return [`config  check_interval_seconds ${seconds}`];
  }
  return [
    `config  check_interval_seconds ${seconds} in ${path}: not what the timer does`,
    `        make them agree: sudo autoscaler timer --every ${everyS}s`,
  ];
}
