import { measureError, type MeasureError, type MeasureErrorCode } from '../model/measure-error.ts';
import { cleanText } from '../model/clean-text.ts';

export type BrokerErrorCode = Extract<MeasureErrorCode, `broker_${string}`>;

/** A broker cannot be asked, or answers with an error; in plain words, without a password. */
export class BrokerError extends Error {
  readonly code: BrokerErrorCode;

  constructor(code: BrokerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A server refuses by its own rules (a password, a permission), and would do so again if asked again. */
export class BrokerRefusal extends BrokerError {}

/** The code of whatever was thrown while a broker was asked. */
export function codeOf(error: unknown): BrokerErrorCode {
  return error instanceof BrokerError ? error.code : 'broker_error';
}

/** The code of several faults together. */
export function commonCode<Code extends MeasureErrorCode>(
  codes: readonly Code[],
): Code | 'broker_error' {
  const [first = 'broker_error', ...others] = new Set(codes);
  return others.length === 0 ? first : 'broker_error';
}

/** What was thrown while a broker was asked, as an error of what was asked for. */
export function toMeasureError(error: unknown): MeasureError {
  return measureError(codeOf(error), cleanText((error as Error).message));
}
