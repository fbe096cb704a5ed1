import { formatMoment } from '../../output/ages.ts';

/** A place on an axis, from 0 to 1, and what is written there. */
export interface Tick {
  share: number;
  label: string;
}

/** The upper end of an axis that begins at 0: 1, 2, 2.5 or 5 times a power of ten. */
export function roundUp(most: number): number {
  if (most <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(most));
  const times = [1, 2, 2.5, 5, 10].find((each) => each * power >= most * 0.999_999) ?? 10;
  return times * power;
}

const MINUTE = 60_000;
const STEPS_MS = [
  1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10_080, 43_200, 525_600,
].map((minutes) => minutes * MINUTE);

/** Round moments in local time, at most `most` of them. */
export function findTimeTicks(fromMs: number, toMs: number, most: number): Tick[] {
  const span = Math.max(1, toMs - fromMs);
  const step = STEPS_MS.find((each) => span / each <= most) ?? span;
  const offsetMs = new Date(toMs).getTimezoneOffset() * MINUTE;
  const ticks: Tick[] = [];
  let at = Math.ceil((fromMs - offsetMs) / step) * step + offsetMs;
  for (; at <= toMs; at += step) {
    const full = formatMoment(at, 0);
    // day and month without the year, or the time of day
    const [day = '', month = '', , time = ''] = full.split(' ');
    const label = step >= 1440 * MINUTE || time === '00:00' ? `${day} ${month}` : time;
    ticks.push({ share: (at - fromMs) / span, label });
  }
  return ticks;
}
