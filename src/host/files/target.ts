import type { BigIntStats } from 'node:fs';
import { dirname } from 'node:path';
import { EXIT, UserError } from '../../errors.ts';
import { toUserError } from '../fault.ts';
import { readAttributes, type Attribute } from './attributes.ts';
import { requireTrusted } from './folders.ts';
import { MOST_BYTES, readWay, shortReason, type FoundFile } from './read.ts';
import { walkPath, type Way } from './walk.ts';

/** Owner, permissions and extended attributes of a file. */
export interface Like {
  uid: number;
  gid: number;
  /** never with setuid, setgid or sticky bits */
  mode: number;
  attributes: Attribute[];
}

/** What an edit starts from, all by one look. */
export interface Target {
  /** the real path: links stay, and what they lead to is replaced */
  path: string;
  /** null: it does not exist */
  bytes: Buffer | null;
  like: Like | null;
  /** the folder that has to be made for it; null: it is there */
  missingFolder: string | null;
}

/**
 * The file behind a path, if root may edit it.
 *
 * @throws Foreign where it is not root's alone, or the folder in which it is to be made; UserError where it leads
 *   nowhere or cannot be read
 */
export function readTarget(path: string, mostBytes = MOST_BYTES): Target {
  return explainingFaults(path, () =>
    walkPath(path, (way) => {
      if (way.isDangling) {
        throw new UserError(
          EXIT.failed,
          `${path}: a link whose target does not exist`,
          `Fix or remove the link: ls -l ${path}`,
        );
      }
      requireTrusted(way);
      const found = readRegular(way, mostBytes);
      const missingFolder = way.below.length > 1 ? dirname(way.path) : null;
      if (found === null) return { path: way.path, bytes: null, like: null, missingFolder };
      return { path: way.path, bytes: found.bytes, like: readLike(way, found.stat), missingFolder };
    }),
  );
}

/** The extended attributes of a file of root's. @throws UserError failed where they cannot be determined */
export function readAttributesOf(path: string): Attribute[] {
  return explainingFaults(path, () =>
    walkPath(path, ({ file }) => (file === null ? [] : readAttributes(file.fd, path))),
  );
}

/** The plain file that a way leads to; null: nothing is there. @throws UserError failed where it cannot be read */
export function readRegular(way: Way, mostBytes: number): FoundFile | null {
  const read = readWay(way, mostBytes);
  if ('bytes' in read && way.file?.stat.isFile() === true) return read;
  if ('fault' in read && read.fault === 'missing') return null;
  const reason = 'fault' in read ? shortReason(read) : 'a device, not a plain file';
  throw new UserError(EXIT.failed, `${way.path}: cannot be read (${reason})`);
}

/** What a file is like, by its descriptor. */
export function readLike({ file, path }: Way, { uid, gid, mode }: BigIntStats): Like {
  return {
    uid: Number(uid),
    gid: Number(gid),
    mode: Number(mode) & 0o777,
    attributes: file === null ? [] : readAttributes(file.fd, path),
  };
}

function explainingFaults<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw toUserError(error, path) ?? error;
  }
}
