import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, unlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { inFolder, judgePath, judgeWay, walkPath } from './walk.ts';

/** A new name for the file that becomes `path`, beside it. */
export function temporaryFor(path: string): string {
  return `${temporaryHead(path)}${randomBytes(4).toString('hex')}.tmp`;
}

/**
 * Removes what a run that died while it wrote `path` has left beside it; not what is for another file. Where others can
 * write nothing is removed.
 */
export function sweepTemporaries(path: string): void {
  if (!canBeFollowed(dirname(path))) return;
  walkPath(dirname(path), (way) => {
    if (way.below.length > 0 || way.path !== dirname(path) || !judgeWay(way).trusted) return;
    for (const name of readdirSync(inFolder(way.folder, '.'))) {
      if (!TEMPORARY.test(name) || !name.startsWith(temporaryHead(path))) continue;
      unlinkSync(inFolder(way.folder, name));
    }
  });
}

/** Whoever owns a folder on the way can make a loop of links of it, or a file: nothing of ours is behind it then. */
function canBeFollowed(path: string): boolean {
  const verdict = judgePath(path);
  return verdict.trusted || verdict.uid !== null;
}

/** systemd reads no file of this name: neither a unit's suffix nor `.conf`. */
const TEMPORARY = /^\.autoscaler-[0-9a-f]{16}\.tmp$/;

/** Another config's run, with a lock of its own, may be writing in the same folder at this moment. */
function temporaryHead(path: string): string {
  return `.autoscaler-${createHash('sha256').update(path).digest('hex').slice(0, 8)}`;
}
