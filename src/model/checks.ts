import { cleanText } from './clean-text.ts';

export type Json = Record<string, unknown>;

/** Says what was expected instead of a value; null: it is right. */
export type Check = (value: unknown) => string | null;

/** A fault of one value: key, what was expected, what was found. */
export function expectation(key: string, expected: string, found: unknown): string {
  return `${cleanText(key)}: ${mismatch(expected, found)}`;
}

/** The same without its key. */
export function mismatch(expected: string, found: unknown): string {
  return `expected ${expected}, found ${showFound(found)}`;
}

/** The first fault of an object by checks of each of its keys; null: none. */
export function findFault(object: Json, checks: Record<string, Check>): string | null {
  for (const key in checks) {
    const expected = checks[key]!(object[key]);
    if (expected !== null) return expectation(key, expected, object[key]);
  }
  return null;
}

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
/** What can be added and compared without a surprise: neither infinite nor inexact by far. */
const isAmount = (value: unknown): value is number =>
  typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER;

const isError = (value: unknown): boolean =>
  typeof value === 'string' ||
  (isObject(value) && typeof value['code'] === 'string' && typeof value['text'] === 'string');

export const TEXT: Check = (value) => (typeof value === 'string' ? null : 'a text');
export const OBJECT: Check = (value) => (isObject(value) ? null : 'an object');
export const SECONDS: Check = (value) => (isAmount(value) ? null : 'seconds, 0 or more');
export const COUNT: Check = (value) =>
  isAmount(value) && Number.isInteger(value) ? null : 'a whole number, 0 or more';
export const AMOUNT: Check = (value) => (isAmount(value) ? null : 'a number, 0 or more');
export const PERCENT: Check = (value) =>
  isAmount(value) && value <= 100 ? null : 'percent, 0 to 100';
export const TEXTS: Check = (value) =>
  isObject(value) && Object.values(value).every((each) => typeof each === 'string')
    ? null
    : 'texts by key';
export const ERRORS: Check = (value) =>
  isObject(value) && Object.values(value).every(isError)
    ? null
    : 'texts, or objects with "code" and "text", by key';
export const AMOUNTS: Check = (value) =>
  isObject(value) && Object.values(value).every((each) => AMOUNT(each) === null)
    ? null
    : 'numbers by key';

export const optional =
  (check: Check): Check =>
  (value) => {
    const expected = value === undefined || value === null ? null : check(value);
    return expected === null ? null : `${expected}, or null`;
  };

export const oneOf =
  (...texts: string[]): Check =>
  (value) =>
    texts.some((text) => text === value) ? null : texts.join(' or ');

/** What was found, as one short line. */
export function shorten(text: string): string {
  return cleanText(text, 61) || 'nothing';
}

function showFound(found: unknown): string {
  if (found === undefined) return 'nothing';
  if (typeof found === 'number') return String(found);
  try {
    return shorten(JSON.stringify(found));
  } catch {
    // it follows lists within lists by calling itself
    return 'lists or objects, very deep within one another';
  }
}
