import type { Refusal } from '../../../../kinds/command/source.ts';

/** Of a refusal, UTF-16 units: room for two paths. */
const LONGEST_MESSAGE = 500;

/** A refusal. */
export function refuse(
  kind: Refusal['kind'],
  code: Refusal['code'],
  message: string,
  hint: string,
): Refusal {
  return { how: 'refused', kind, code, message: shorten(message), hint: shorten(hint) };
}

/** What stands in files of others is part of it. */
function shorten(text: string): string {
  return text.length > LONGEST_MESSAGE ? `${text.slice(0, LONGEST_MESSAGE - 1)}…` : text;
}

/** What helps where a unit is not what its name promises. */
export const CHECK_NAME = (unit: string): string => `check the name: systemctl cat ${unit}`;
