import { COUNTED_FROM_NOW } from '../metrics/missing.ts';
import { isNoRateYet } from '../metrics/rates.ts';
import { isLacking } from '../model/lacking.ts';

/** Whether an error is one: neither a lack of the host nor what only needs another sample, or tasks that end. */
export function isFault(error: string): boolean {
  return error !== COUNTED_FROM_NOW && !isNoRateYet(error) && !isLacking(error);
}
