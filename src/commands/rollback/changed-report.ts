import type { StillChanged } from '../../act/journal/still-changed.ts';
import { renderTable } from '../../output/table.ts';

/**
 * The table of `rollback --changed`: a line a file, its columns divided by blanks, the file last; `-`: there is none. The
 * scripts that remove the program read it (scripts/deb/backups.sh).
 */
export function renderChanged(services: StillChanged[]): string {
  if (services.length === 0) return 'No service is changed: every service is as it was.\n';
  const rows = services.flatMap(({ service, from, to, files }) => {
    const shown = files.length > 0 ? files : [{ path: '-', copy: null }];
    return shown.map(({ path, copy }) => [service, String(from), String(to), copy ?? '-', path]);
  });
  return renderTable(['SERVICE', 'FROM', 'TO', 'BEFORE', 'FILE'], rows);
}
