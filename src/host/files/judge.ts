import { explainErrno } from '../fault.ts';
import { NOT_ENTERED } from './mount-guard.ts';
import { findDistrust, type Distrust } from './trust-rule.ts';
import { walkPath, whoWeAre, type Way } from './walk.ts';

/** What root may do with what a path leads to; `path` is the real one, `uid` null where it could not be followed. */
export type Verdict =
  | { trusted: true; path: string }
  | ({ trusted: false; path: string; uid: number | null } & Omit<Distrust, 'uid'>);

/**
 * Judges a path by the trust rule (see `findDistrust`). What is not there is judged by the folders that are. Never
 * throws: what cannot be followed is not trusted.
 */
export function judgePath(path: string): Verdict {
  try {
    return walkPath(path, judgeWay);
  } catch (error) {
    const reason = explainErrno(error);
    const command = adviseLook(error, `ls -ld ${path}`);
    return { trusted: false, path, at: path, uid: null, reason, command };
  }
}

/** The command that shows what is wrong; `usual` might wait for ever for a file system that was not walked into. */
export function adviseLook(error: unknown, usual: string): string {
  const { code, path } = error as NodeJS.ErrnoException;
  return code === NOT_ENTERED ? `findmnt ${path}` : usual;
}

/** The verdict on a way that is being walked. */
export function judgeWay({ path, components }: Way): Verdict {
  const distrust = findDistrust(components, whoWeAre());
  return distrust === null ? { trusted: true, path } : { trusted: false, path, ...distrust };
}
