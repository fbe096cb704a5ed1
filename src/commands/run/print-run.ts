import { EXIT, type ExitCode } from '../../errors.ts';
import { renderRunReport, type RunReport } from './run-report.ts';
import { readScreen } from '../../output/screen.ts';
import { openOutput } from '../../output/terminal.ts';
import type { GlobalOptions } from '../shared/global-options.ts';
import { writeOut } from '../../host/streams.ts';

/** The result of a run on stdout, and the exit code that follows from it. */
export async function printRun(
  report: RunReport,
  options: GlobalOptions & { json?: boolean },
): Promise<ExitCode> {
  const out = openOutput(options);
  const { failed = false, dry_run, ...rest } = report;
  const document = { ...rest, hint: undefined, ...(dry_run && { dry_run }) };
  if (options.json === true) writeOut(`${JSON.stringify(document)}\n`);
  else out.write(renderRunReport(report, await renderDiffs(report), out, readScreen().columns));
  return failed || report.services.some(({ error }) => error !== null) ? EXIT.failed : EXIT.ok;
}

async function renderDiffs({ services }: RunReport): Promise<string[]> {
  const files = services.flatMap(({ plan }) => plan?.files ?? []);
  if (files.length === 0) return [];
  const { renderDiff } = await import('../../output/diff.ts');
  return [await renderDiff(files)];
}
