import { InvalidArgumentError, Option, type Command } from 'commander';
import { sinceArgument } from '../commands/shared/duration-argument.ts';
import { EXIT, UserError } from '../errors.ts';
import { SINGLE_VALUES } from '../metrics/single-values.ts';
import { example, type Context, type Define } from './definition.ts';

/** The commands that show how things stand or stood. */
export const LOOK = {
  metrics: defineMetrics,
  status: defineStatus,
  explain: defineExplain,
  history: defineHistory,
  report: defineReport,
} satisfies Record<string, Define>;

/** What is not for people, and not in `--help`. */
export const HIDDEN = {
  complete: defineComplete,
  'hand-over': defineHandOver,
} satisfies Record<string, Define>;

function defineComplete(command: Command, { done, withGlobals }: Context): void {
  command
    .description('print the words for shell completion')
    .addArgument(command.createArgument('<what>', 'what to print').choices(['projects']))
    .action(async () => {
      const { completeCommand } = await import('../commands/complete/complete.ts');
      done(await completeCommand(withGlobals({})));
    });
}

function defineHandOver(command: Command, { done, withGlobals }: Context): void {
  command
    .description('before a removal: hand unfinished changes over to systemd')
    .action(async () => {
      const { handOverCommand } = await import('../commands/hand-over/hand-over.ts');
      done(await handOverCommand(withGlobals({})));
    });
}

function defineMetrics(command: Command, { done, withGlobals }: Context): void {
  command
    .description('what is measured now; a single metric prints a bare number')
    .addArgument(
      command
        .createArgument('[metric]', 'what to print')
        .choices(['all', ...SINGLE_VALUES.keys()])
        .default('all'),
    )
    .argument('[target]', 'a project or service, for metrics that are not of the host')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      `
${describeValues()}
${example('autoscaler metrics', 'autoscaler metrics cpu', 'autoscaler metrics celery_queue celerycore', 'autoscaler metrics workers shop --json')}`,
    )
    .action(async (metric: string, target: string | undefined, options: { json?: boolean }) => {
      const { metricsCommand } = await import('../commands/metrics/metrics.ts');
      done(await metricsCommand(withGlobals({ ...options, metric, target })));
    });
}

/** A line for each metric, its name and what it is. */
function describeValues(): string {
  const width = Math.max(...Array.from(SINGLE_VALUES.keys(), (name) => name.length));
  return Array.from(SINGLE_VALUES, ([name, { about }]) => `${name.padEnd(width)}  ${about}`).join(
    '\n',
  );
}

function defineStatus(command: Command, { done, withGlobals }: Context): void {
  command
    .description('the state of the timer, the host and each project, from the last recorded sample')
    .option('--watch [seconds]', 'refresh every few seconds (default: 2)', watchSeconds)
    .option('--json', 'print one JSON document')
    .addHelpText('after', example('autoscaler status', 'autoscaler status --watch'))
    .action(async ({ watch, json }: { watch?: number | true; json?: boolean }) => {
      const { statusCommand } = await import('../commands/status/status.ts');
      const seconds = watch === true ? 2 : (watch ?? null);
      done(await statusCommand(withGlobals({ watch: seconds, ...(json && { json }) })));
    });
}

function defineExplain(command: Command, { done, withGlobals }: Context): void {
  command
    .description('how the last decision on a project was reached, and what would come next')
    .argument('<project>', 'a project or its service')
    .option('--json', 'print one JSON document')
    .addHelpText('after', example('autoscaler explain shop'))
    .action(async (project: string, options: { json?: boolean }) => {
      const { explainCommand } = await import('../commands/explain/explain.ts');
      done(await explainCommand(withGlobals({ ...options, project })));
    });
}

function defineHistory(command: Command, { done, withGlobals }: Context): void {
  command
    .description('samples and changes of a period, as a table with small plots')
    .addOption(sinceOption('24h'))
    .option('--project <project>', 'only this project')
    .option('--json', 'print one JSON document')
    .addOption(new Option('--csv', 'print CSV, one row per project and sample').conflicts('json'))
    .addHelpText(
      'after',
      example('autoscaler history --since 7d', 'autoscaler history --csv > history.csv'),
    )
    .action(
      async ({
        since,
        ...options
      }: {
        since?: string;
        project?: string;
        json?: boolean;
        csv?: boolean;
      }) => {
        const { historyCommand } = await import('../commands/history/history.ts');
        done(
          await historyCommand(withGlobals({ ...options, since: readSinceOption(since, '24h') })),
        );
      },
    );
}

function defineReport(command: Command, { done, withGlobals }: Context): void {
  command
    .description('one HTML page for a period, with plots, thresholds and changes; needs no network')
    .addOption(sinceOption('7d'))
    .option('--project <project>', 'only this project')
    .option('--output <file>', 'where to write it; - is standard output', 'autoscaler-report.html')
    .option('--force', 'overwrite a file that is not a report')
    .addHelpText('after', example('autoscaler report --since 7d --output report.html'))
    .action(async ({ since, ...options }: ReportFlags) => {
      const { reportCommand } = await import('../commands/report/report.ts');
      done(await reportCommand(withGlobals({ ...options, since: readSinceOption(since, '7d') })));
    });
}

interface ReportFlags {
  since?: string;
  project?: string;
  output: string;
  force?: boolean;
}

function watchSeconds(text: string): number {
  const seconds = Number(text);
  if (!/^\d+(?:\.\d+)?$/.test(text) || seconds < 0.2 || seconds > 3600) {
    throw new InvalidArgumentError('expected seconds, a number from 0.2 to 3600.');
  }
  return seconds;
}

function sinceOption(usual: string): Option {
  return new Option(
    '--since <time>',
    `start of the period: 30m, 24h, 7d, or a date (default: ${usual})`,
  );
}

/** The moment that an option `--since` names. @throws UserError usage */
function readSinceOption(text: string | undefined, usual: string): number {
  try {
    return sinceArgument(text ?? usual);
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    throw new UserError(EXIT.usage, `--since ${JSON.stringify(text)}: ${error.message}`);
  }
}
