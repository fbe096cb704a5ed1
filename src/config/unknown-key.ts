import { closest, distance } from 'fastest-levenshtein';
import type { KeyPath } from './fault.ts';
import { configSchema, globalSchema, projectSchema } from './schema.ts';

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

/** Names the nearest known key for the last part of `path`, or the place where that very key belongs. */
export function describeUnknownKey(path: KeyPath): UnknownKey {
  const key = String(path.at(-1));
  if (path[0] === 'projects' && path.length === 2) return describeProjectName();
  if (/_thresholds$/.test(String(path.at(-2)))) return describeStepKey(key);
  const place = placeOf(path);
  const near = findNearest(key, place.keys);
  const elsewhere = PLACES.find(({ keys }) => keys.includes(key));
  const hint =
    elsewhere === undefined || near === key
      ? (didYouMean(near) ?? `known here: ${place.keys.join(', ')}`)
      : `it belongs in ${elsewhere.name}`;
  return { found: 'unknown key', expected: null, hint, meant: near };
}

function placeOf(path: KeyPath): { keys: string[] } {
  if (path.length === 1) return PLACES[0]!;
  if (path[0] === 'global') return PLACES[1]!;
  return path.length === 3 ? PLACES[2]! : { keys: ['scale_up', 'scale_down'] };
}

function describeProjectName(): UnknownKey {
  return {
    found: 'not a name for a project',
    expected: null,
    hint: 'a name is visible text without blanks or "-" at its start and without blanks at its end',
    meant: null,
  };
}

function describeStepKey(key: string): UnknownKey {
  const direction = /down/i.test(key) ? 'down' : 'up';
  const workers = /[1-9][0-9]{0,3}(?![0-9])/.exec(key)?.[0];
  const near = workers === undefined ? null : findNearest(key, [`scale_${direction}_${workers}`]);
  return {
    found: 'unknown key',
    expected: null,
    hint:
      didYouMean(near) ??
      'keys here are "scale_up_N" and "scale_down_N", N being the number of workers to go to',
    meant: null,
  };
}

function didYouMean(key: string | null): string | null {
  return key === null ? null : `did you mean "${key}"?`;
}

/** The known key that `key` is most likely a misspelling of; null: none is near. */
function findNearest(key: string, known: string[]): string | null {
  const form = (text: string) => text.toLowerCase().replaceAll(/[-_ ]/g, '');
  const near = closest(form(key), known.map(form));
  const allowed = Math.max(1, Math.floor(near.length / 4));
  if (distance(form(key), near) > allowed) return null;
  return known.find((candidate) => form(candidate) === near) ?? null;
}
