import { readlinkSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { NOT_ENTERED } from '../../host/files/mount-guard.ts';
import { lstatIn, searchFolder } from '../../host/files/look.ts';
import { monotonicMs } from '../../host/monotonic.ts';
import { readProcess } from '../../host/proc/proc.ts';

const MOST_ENTRIES = 20_000;
const MOST_MS = 500;
const MOST_DEPTH = 12;
/** Code, and what applications read while they load. */
const READ = /(?:\.(?:py|pth|so|env|ini|cfg|conf|toml|ya?ml|json)|^\.env.*)$/;
const SKIPPED = new Set(['__pycache__', '.git', 'node_modules']);

/** `path`: of the file. */
type Found = { path: string } | 'unknown';

/**
 * The file of an application that was changed at `sinceMs` (wall clock) or later; null: none. `unknown`: there are too many,
 * or nobody can tell where they are. Changed by ctime, since copying may keep an older mtime.
 */
export function findNewerCode(
  masterPid: number,
  workingDirectory: string | null,
  sinceMs: number,
): Found | null {
  const folders = listFolders(masterPid, workingDirectory);
  if (folders === null) return 'unknown';
  const open = folders.map((path) => ({ path, depth: 0 }));
  const endMs = monotonicMs() + MOST_MS;
  let left = MOST_ENTRIES;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    try {
      const found = searchFolder(next.path, (entry, folder): Found | null => {
        if (left-- === 0 || monotonicMs() > endMs) return 'unknown';
        const path = join(next.path, entry.name);
        if (entry.isDirectory()) {
          if (SKIPPED.has(entry.name)) return null;
          if (next.depth === MOST_DEPTH) return 'unknown';
          open.push({ path, depth: next.depth + 1 });
        } else if (entry.isSymbolicLink() || READ.test(entry.name)) {
          const stat = lstatIn(folder, entry.name);
          if (stat !== undefined && stat.ctimeMs >= sinceMs) return { path };
        }
        return null;
      });
      if (found !== null) return found;
    } catch (error) {
      // what cannot be read was not read by the application either
      if ((error as NodeJS.ErrnoException).code === NOT_ENTERED) return 'unknown';
    }
  }
  return null;
}

/** null: it is not to be told. */
function listFolders(masterPid: number, workingDirectory: string | null): string[] | null {
  try {
    const cwd = readlinkSync(`/proc/${masterPid}/cwd`);
    const argv = readProcess(masterPid)?.argv ?? [];
    const named = argv.flatMap((word, index) => {
      const value = /^--(?:chdir|pythonpath)=(.*)$/.exec(word)?.[1];
      return (value ?? (/^--(?:chdir|pythonpath)$/.test(argv[index - 1] ?? '') ? word : ''))
        .split(',')
        .filter(isAbsolute);
    });
    const given =
      workingDirectory !== null && isAbsolute(workingDirectory) ? [workingDirectory] : [];
    const folders = [...new Set([cwd, ...given, ...named])].filter((path) => path !== '/');
    const isGone = cwd.endsWith(' (deleted)');
    // a link on the way may lead elsewhere since
    return folders.length === 0 || isGone ? null : folders.map((path) => `${path}/`);
  } catch {
    return null;
  }
}
