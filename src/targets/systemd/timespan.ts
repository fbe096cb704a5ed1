/** systemd.time(7); a month and a year are as long as systemd counts them */
const UNIT_MS: Record<string, number> = {
  us: 0.001,
  ms: 1,
  s: 1000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  month: 2_629_800_000,
  y: 31_557_600_000,
};

/** A time span as `systemctl show` prints it (`1h 31min 2.446178s`), in milliseconds; null for none (`infinity`, 0 is one). */
export function parseTimespan(text: string): number | null {
  if (text === '0') return 0;
  let sum = 0;
  const parts = text.split(' ');
  for (const part of parts) {
    const [, number, unit = ''] = /^(\d+(?:\.\d+)?)([a-z]+)$/.exec(part) ?? [];
    const ms = UNIT_MS[unit];
    if (number === undefined || ms === undefined) return null;
    sum += Number(number) * ms;
  }
  return sum;
}

/**
 * The interval of a timer in seconds, from its property `TimersMonotonic`; null: it has none of this kind. Of several,
 * as where a drop-in has added one, the shortest counts: whichever elapses first starts the service.
 */
export function readTimerInterval(property: string): number | null {
  const spans = [...property.matchAll(/OnUnitActiveUSec=([^;]+);/g)]
    .map(([, span = '']) => parseTimespan(span.trim()))
    .filter((ms) => ms !== null);
  return spans.length === 0 ? null : Math.min(...spans) / 1000;
}
