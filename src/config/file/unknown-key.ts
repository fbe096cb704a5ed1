import { distance } from 'fastest-levenshtein';
import { findNearNames, formOf } from './near-names.ts';
import type { KeyPath } from './fault.ts';
import { scheduleSchema } from '../schema/schedule-keys.ts';
import { sslOptionsSchema, OPTION_KEYS, transportOptionsSchema } from '../schema/broker-schema.ts';
import { configSchema, globalSchema, projectSchema } from '../schema/schema.ts';

/** What is said of a key that the config does not have at this place. */
export interface UnknownKey {
  found: string;
  expected: string | null;
  hint: string | null;
  /** the key that was probably meant here */
  meant: string | null;
}

/** The places that have keys of their own, and the keys that each knows. */
const PLACES = [
  { name: 'the top level', keys: Object.keys(configSchema.shape) },
  { name: '"global"', keys: Object.keys(globalSchema.shape) },
  { name: 'a project', keys: Object.keys(projectSchema.shape) },
];

/** The objects inside of a project that have keys of their own. */
const INNER_PLACES: Record<string, string[]> = {
  broker_transport_options: Object.keys(transportOptionsSchema.shape),
  ...Object.fromEntries(
    Object.entries(OPTION_KEYS).flatMap(([name, key]) =>
      key.type === 'group' ? [[name, Object.keys(key.keys)]] : [],
    ),
  ),
  broker_use_ssl: Object.keys(sslOptionsSchema.shape),
};

/** Names the nearest known key for the last part of `path`, or the place where that very key belongs. */
export function describeUnknownKey(path: KeyPath): UnknownKey {
  const key = String(path.at(-1));
  if (path[0] === 'projects' && path.length === 2) return describeProjectName();
  if (/_thresholds$/.test(String(path.at(-2)))) return describeStepKey(key);
  const place = placeOf(path);
  const near = findNearNames(key, place.keys);
  const elsewhere = PLACES.find(({ keys }) => keys.includes(key));
  const hint =
    elsewhere === undefined || near.includes(key)
      ? (didYouMean(near) ??
        `known here, closest first: ${sortByNearness(key, place.keys).join(', ')}`)
      : `it belongs in ${elsewhere.name}`;
  const meant = near.length === 1 ? near[0]! : null;
  return { found: 'unknown key', expected: null, hint, meant };
}

function placeOf(path: KeyPath): { keys: string[] } {
  if (path.length === 1) return PLACES[0]!;
  if (path[0] === 'global') return PLACES[1]!;
  if (path.length === 3) return PLACES[2]!;
  if (path.at(-3) === 'schedules') return { keys: Object.keys(scheduleSchema.shape) };
  const place = INNER_PLACES[String(path.at(-2))];
  return { keys: place ?? ['scale_up', 'scale_down'] };
}

function describeProjectName(): UnknownKey {
  return {
    found: 'not a valid project name',
    expected: null,
    hint: 'a name is visible text that does not begin with a blank or "-", nor end with a blank',
    meant: null,
  };
}

function describeStepKey(key: string): UnknownKey {
  const direction = /down/i.test(key) ? 'down' : 'up';
  const workers = /[1-9][0-9]{0,3}(?![0-9])/.exec(key)?.[0];
  const near = workers === undefined ? [] : findNearNames(key, [`scale_${direction}_${workers}`]);
  return {
    found: 'unknown key',
    expected: null,
    hint:
      didYouMean(near) ??
      'keys here are "scale_up_N" and "scale_down_N", N being the number of workers to go to',
    meant: null,
  };
}

function didYouMean(keys: string[]): string | null {
  const quoted = keys.map((key) => `"${key}"`);
  return quoted.length === 0 ? null : `did you mean ${quoted.join(' or ')}?`;
}

function sortByNearness(key: string, known: string[]): string[] {
  const farness = (candidate: string): number =>
    distance(formOf(key), formOf(candidate)) / Math.max(key.length, candidate.length);
  return known.toSorted((a, b) => farness(a) - farness(b));
}
