import type { FileChange } from '../model/change.ts';
import { cleanLine } from './clean.ts';

/**
 * The unified diff of files that a plan changes, each with its path; empty where none changes. What the files hold is left
 * as it is: `writeOut` makes visible what a terminal would obey.
 */
export async function renderDiff(files: FileChange[]): Promise<string> {
  if (files.length === 0) return '';
  const { createTwoFilesPatch, FILE_HEADERS_ONLY } = await import('diff');
  return files
    .map(({ path, before, after }) =>
      createTwoFilesPatch(
        before === null ? '/dev/null' : cleanLine(path),
        after === null ? '/dev/null' : cleanLine(path),
        before ?? '',
        after ?? '',
        undefined,
        undefined,
        { context: 2, headerOptions: FILE_HEADERS_ONLY },
      ),
    )
    .join('');
}
