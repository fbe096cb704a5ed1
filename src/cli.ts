import { Command, InvalidArgumentError, Option } from 'commander';
import { durationArgument, sinceArgument } from './commands/duration-argument.ts';
import type { GlobalOptions } from './commands/global-options.ts';
import { EXIT, UserError } from './errors.ts';
import { isTerminal, writeErr, writeOut } from './streams.ts';
import { VERSION } from './version.ts';

const EXIT_CODES = `
Exit codes:
  ${EXIT.ok}   done, also "nothing to do"
  ${EXIT.failed}   a service could not be measured or changed (the others were served)
  ${EXIT.usage}  wrong usage
  ${EXIT.locked}  another run holds the lock
  ${EXIT.permission}  not permitted
  ${EXIT.config}  the config, or another file that must be trusted, is wrong`;

/**
 * The command line: all commands and options. Each action loads its module late, so that a call
 * pays for nothing that it does not use. `done` receives the exit code of the command.
 */
export function buildProgram(done: (code: number) => void): Command {
  const program = new Command('autoscaler')
    .description(
      'The right number of Gunicorn and Celery workers on this host: measures, decides,\nrewrites the unit, proves that the change took.',
    )
    .version(VERSION, '-V, --version')
    .option(
      '--config <file>',
      'the config (default: $AUTOSCALER_CONFIG, /etc/autoscaler/config.json)',
    )
    .option('-q, --quiet', 'print errors only')
    .option('-v, --verbose', 'say more on stderr')
    .option('--no-color', 'no colours (also: NO_COLOR=1)')
    .showHelpAfterError('(autoscaler --help shows all commands)')
    .exitOverride()
    .configureOutput({
      writeOut,
      writeErr,
      getOutHelpWidth: () => widthOf('stdout'),
      getErrHelpWidth: () => widthOf('stderr'),
      // there are none in our help
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .addHelpText(
      'after',
      `\nExamples:
  autoscaler run --dry-run           what would be done now, and why; changes nothing
  autoscaler metrics all             what is measured now
  autoscaler scale shop.service 4    set a number by hand, through the same safe road
  autoscaler rollback                back to the units as they were; stops the timer\n${EXIT_CODES}`,
    );
  const withGlobals = <T extends object>(options: T): T & GlobalOptions => ({
    ...program.opts<GlobalOptions>(),
    ...options,
  });

  program
    .command('run')
    .description('measure, decide, change what needs a change (what the timer calls)')
    .option('--dry-run', 'show each decision and the edits it would make; write nothing')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      example('autoscaler run --dry-run', 'autoscaler run --json | jq .services'),
    )
    .action(async (options: { dryRun?: boolean; json?: boolean }) => {
      const { runCommand } = await import('./commands/run.ts');
      done(await runCommand(withGlobals(options)));
    });

  program
    .command('metrics')
    .description('what is measured now; a single metric prints a bare number')
    .addArgument(
      program
        .createArgument('[metric]', 'what to print')
        .choices([
          'all',
          'cpu',
          'memory',
          'memory_percent',
          'celery_queue',
          'workers',
          'busy',
          'backlog',
        ])
        .default('all'),
    )
    .argument('[target]', 'a project or service, for celery_queue, workers, busy and backlog')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      `
cpu             busy percent of all cores, since the previous run
memory          MB available
memory_percent  percent of the memory in use
celery_queue    tasks that wait in the queues of a project
workers         workers that a service declares
busy            percent of a Gunicorn service's workers that are in a request
backlog         connections that wait for a Gunicorn service to accept them
${example('autoscaler metrics', 'autoscaler metrics cpu', 'autoscaler metrics celery_queue celerycore', 'autoscaler metrics workers shop --json')}`,
    )
    .action(async (metric: string, target: string | undefined, options: { json?: boolean }) => {
      const { metricsCommand } = await import('./commands/metrics.ts');
      done(await metricsCommand(withGlobals({ ...options, metric, target })));
    });

  program
    .command('status')
    .description('how things stand: timer, host, each project; from what was recorded last')
    .option('--watch [seconds]', 'show it again every few seconds (default: 2)', watchSeconds)
    .option('--json', 'print one JSON document')
    .addHelpText('after', example('autoscaler status', 'autoscaler status --watch'))
    .action(async ({ watch, json }: { watch?: number | true; json?: boolean }) => {
      const { statusCommand } = await import('./commands/status.ts');
      const seconds = watch === true ? 2 : (watch ?? null);
      done(await statusCommand(withGlobals({ watch: seconds, ...(json && { json }) })));
    });

  program
    .command('explain')
    .description('how the last decision on a project came about, and what would follow')
    .argument('<project>', 'a project or its unit')
    .option('--json', 'print one JSON document')
    .addHelpText('after', example('autoscaler explain shop'))
    .action(async (project: string, options: { json?: boolean }) => {
      const { explainCommand } = await import('./commands/explain.ts');
      done(await explainCommand(withGlobals({ ...options, project })));
    });

  program
    .command('history')
    .description('samples and changes of a time, as a table with small plots')
    .addOption(sinceOption('24h'))
    .option('--project <project>', 'this project alone')
    .option('--json', 'print one JSON document')
    .addOption(
      new Option('--csv', 'print CSV, a row for each project of each sample').conflicts('json'),
    )
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
        const { historyCommand } = await import('./commands/history.ts');
        done(
          await historyCommand(withGlobals({ ...options, since: readSinceOption(since, '24h') })),
        );
      },
    );

  program
    .command('report')
    .description('one HTML page of a time, with plots, thresholds and changes; needs no network')
    .addOption(sinceOption('7d'))
    .option('--project <project>', 'this project alone')
    .option('--output <file>', 'where to; - is standard output', 'autoscaler-report.html')
    .option('--force', 'replace a file that is no report')
    .addHelpText('after', example('autoscaler report --since 7d --output report.html'))
    .action(async ({ since, ...options }: ReportFlags) => {
      const { reportCommand } = await import('./commands/report.ts');
      done(await reportCommand(withGlobals({ ...options, since: readSinceOption(since, '7d') })));
    });

  program
    .command('scale')
    .description('set the number of workers of one service by hand')
    .argument('<service>', 'a unit or the name of a project')
    .argument('<n>', 'the number of workers', positiveInteger)
    .option('--force', "beyond the project's min_workers, max_workers and max_step")
    .option('--dry-run', 'show the edits; write nothing')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      example('autoscaler scale shop.service 4', 'autoscaler scale shop 4 --dry-run'),
    )
    .action(
      async (
        service: string,
        workers: number,
        options: { force?: boolean; dryRun?: boolean; json?: boolean },
      ) => {
        const { scaleCommand } = await import('./commands/scale.ts');
        done(await scaleCommand(withGlobals({ ...options, service, workers })));
      },
    );

  program
    .command('rollback')
    .description('back to the units as they were before the first change; stops the timer')
    .argument('[service...]', 'only these services')
    .option('--list', 'list all changes and stop')
    .option('--last', 'undo the last change only')
    .option('--keep-timer', 'leave the timer running')
    .option('--dry-run', 'show what would be restored; write nothing')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      example('autoscaler rollback --list', 'autoscaler rollback --last', 'autoscaler rollback'),
    )
    .action(async (services: string[], options: RollbackFlags) => {
      const { rollbackCommand } = await import('./commands/rollback.ts');
      done(await rollbackCommand(withGlobals({ ...options, services })));
    });

  program
    .command('init')
    .description('find the services of this host and write a first config; never overwrites')
    .option('--yes', 'ask nothing: write all that is found, disabled')
    .option('--enable', 'with --yes: enable the projects too')
    .option('--output <file>', 'where to write it (default: where the config is looked for)')
    .option('--json', 'print one JSON document; with --yes')
    .addHelpText('after', example('sudo autoscaler init', 'autoscaler init --yes --output my.json'))
    .action(async (options: { yes?: boolean; enable?: boolean; output?: string }) => {
      const { initCommand } = await import('./commands/init.ts');
      done(await initCommand(withGlobals(options)));
    });

  program
    .command('check')
    .description('look at all that a run depends on; changes nothing')
    .option('--strict', 'warnings count as errors')
    .option('--json', 'print one JSON document')
    .addHelpText('after', example('sudo autoscaler check', 'autoscaler check --strict --json'))
    .action(async (options: { strict?: boolean; json?: boolean }) => {
      const { checkCommand } = await import('./commands/check.ts');
      done(await checkCommand(withGlobals(options)));
    });

  program
    .command('simulate')
    .description('what this config would have decided on recorded samples')
    .addOption(
      new Option(
        '--samples <file>',
        'a history file; - reads standard input and answers each sample at once',
      ).makeOptionMandatory(),
    )
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      example('autoscaler simulate --samples /var/lib/autoscaler/history.jsonl'),
    )
    .action(async (options: { samples: string; json?: boolean }) => {
      const { simulateCommand } = await import('./commands/simulate.ts');
      done(await simulateCommand(withGlobals(options)));
    });

  for (const [name, what] of [
    ['enable', 'let autoscaler change a project: "enabled": true in the config'],
    ['disable', 'leave a project alone entirely: "enabled": false in the config'],
  ] as const) {
    program
      .command(name)
      .description(what)
      .argument('<project>', 'a project or service')
      .option('--dry-run', 'show the edit; write nothing')
      .option('--json', 'print one JSON document')
      .addHelpText('after', example(`autoscaler ${name} shop`))
      .action(async (project: string, options: { dryRun?: boolean; json?: boolean }) => {
        const { enableCommand } = await import('./commands/enable.ts');
        done(await enableCommand(withGlobals({ ...options, project, enabled: name === 'enable' })));
      });
  }

  program
    .command('pause')
    .description('leave a project, or all, as it is for a time; it is measured on')
    .argument('[project]', 'a project or service; all by default')
    .addOption(new Option('--only <direction>', 'pause one direction').choices(['up', 'down']))
    .option('--for <time>', 'end by itself after a time, such as 30m, 2h or 7d', durationArgument)
    .option('--json', 'print one JSON document')
    .addHelpText('after', example('autoscaler pause --for 2h', 'autoscaler pause shop --only down'))
    .action(async (project: string | undefined, options: PauseFlags) => {
      const { pauseCommand } = await import('./commands/pause.ts');
      done(await pauseCommand(withGlobals({ ...options, project })));
    });

  program
    .command('resume')
    .description('end the pauses of a project, or all pauses')
    .argument('[project]', 'a project or service; all by default')
    .option('--json', 'print one JSON document')
    .addHelpText('after', example('autoscaler resume', 'autoscaler resume shop'))
    .action(async (project: string | undefined, options: { json?: boolean }) => {
      const { resumeCommand } = await import('./commands/pause.ts');
      done(await resumeCommand(withGlobals({ ...options, project })));
    });

  program
    .command('pin')
    .description('keep a service at a number of workers, whatever the metrics say')
    .argument('<service>', 'a project or service')
    .argument('<n>', 'the number of workers, within min_workers and max_workers', positiveInteger)
    .option('--for <time>', 'end by itself after a time, such as 30m, 2h or 7d', durationArgument)
    .option('--json', 'print one JSON document')
    .addHelpText('after', example('autoscaler pin shop 4 --for 2h'))
    .action(async (service: string, workers: number, options: { for?: number; json?: boolean }) => {
      const { pinCommand } = await import('./commands/pin.ts');
      done(await pinCommand(withGlobals({ ...options, service, workers })));
    });

  program
    .command('unpin')
    .description('let the metrics decide again')
    .argument('[service]', 'a project or service; all by default')
    .option('--json', 'print one JSON document')
    .addHelpText('after', example('autoscaler unpin shop'))
    .action(async (service: string | undefined, options: { json?: boolean }) => {
      const { unpinCommand } = await import('./commands/pin.ts');
      done(await unpinCommand(withGlobals({ ...options, service })));
    });

  return program;
}

interface ReportFlags {
  since?: string;
  project?: string;
  output: string;
  force?: boolean;
}

interface PauseFlags {
  only?: 'up' | 'down';
  for?: number;
  json?: boolean;
}

interface RollbackFlags {
  list?: boolean;
  last?: boolean;
  keepTimer?: boolean;
  dryRun?: boolean;
  json?: boolean;
}

function example(...lines: string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}`;
}

function watchSeconds(text: string): number {
  const seconds = Number(text);
  if (!/^\d+(?:\.\d+)?$/.test(text) || seconds < 0.2 || seconds > 3600) {
    throw new InvalidArgumentError('expected seconds, a number from 0.2 to 3600.');
  }
  return seconds;
}

function sinceOption(usual: string): Option {
  return new Option('--since <time>', `from when on: 30m, 24h, 7d, or a date (default: ${usual})`);
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

function positiveInteger(text: string): number {
  if (!/^[1-9][0-9]{0,3}$/.test(text)) {
    throw new InvalidArgumentError('expected a whole number from 1 to 9999.');
  }
  return Number(text);
}

/** commander's own for what is no terminal */
const USUAL_WIDTH = 80;

function widthOf(stream: 'stdout' | 'stderr'): number {
  return isTerminal(stream) ? process[stream].columns : USUAL_WIDTH;
}
