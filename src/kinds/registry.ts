import type { KindName } from '../model/types.ts';
import { celery } from './celery/index.ts';
import { gunicorn } from './gunicorn/index.ts';
import type { Kind } from './kind.ts';

/** All kinds of service; a new one is a folder and its name here. */
export const KINDS: readonly [Kind, ...Kind[]] = [gunicorn, celery];

/** Their names, as the config has them. */
export const KIND_NAMES: readonly KindName[] = KINDS.map(({ name }) => name);

const BY_NAME = new Map(KINDS.map((kind) => [kind.name, kind]));

/** @throws RangeError where there is none: configs and journals are checked when they are read */
export function kindNamed(name: KindName): Kind {
  const kind = BY_NAME.get(name);
  if (kind === undefined) throw new RangeError(`no kind of service has the name ${name}`);
  return kind;
}

/** Whether a text has the name of a kind in it. */
export function namesKind(text: string): boolean {
  return KIND_NAMES.some((name) => text.includes(name));
}
