import { formatCount } from '../../model/wording.ts';
import type { FileChange } from '../../model/change.ts';
import type { Outcome, Plan } from '../../act/types.ts';
import { cleanLine } from '../../output/clean.ts';
import { renderDiff } from '../../output/diff.ts';

/** What became of one service; `outcome` null: not done (a dry run, or the call was interrupted). */
export type RollbackResult =
  | { service: string; plan: Plan; notes: string[]; outcome: Outcome | null }
  | { service: string; error: string };

/** The result of a rollback for people; a dry run shows what would change in each file. */
export async function renderRollback(results: RollbackResult[], dryRun: boolean): Promise<string> {
  if (results.length === 0) return 'Nothing to roll back: every service is as it was.\n';
  let text = '';
  for (const result of results) {
    if ('error' in result) {
      text += `${cleanLine(`${result.service}: ${result.error}`)}\n`;
      continue;
    }
    const { plan, notes, outcome } = result;
    const { service, from, to, files } = plan;
    const lines = [
      outcome?.sentence ??
        `${service}: ${from} → ${formatCount(to, 'worker')}, not done: ${describe(files)}`,
      ...notes.map((note) => `  ${note}`),
    ];
    if (outcome !== null && outcome.hint !== null) lines.push(`  ${outcome.hint}`);
    text += `${lines.map(cleanLine).join('\n')}\n`;
    if (dryRun) text += await renderDiff(files);
  }
  return text;
}

function describe(files: FileChange[]): string {
  return files.length === 0
    ? 'its files are as they were'
    : files.map(({ path }) => path).join(', ');
}
