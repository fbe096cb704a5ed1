import { InvalidArgumentError, Option, type Command } from 'commander';
import { durationArgument } from '../commands/shared/duration-argument.ts';
import { EXIT, UserError } from '../errors.ts';
import { example, type Context, type Define } from './definition.ts';

/** The commands for a config that is being written. */
export const SET_UP = {
  init: defineInit,
  check: defineCheck,
  timer: defineTimer,
  simulate: defineSimulate,
} satisfies Record<string, Define>;

function defineInit(command: Command, { done, withGlobals }: Context): void {
  command
    .description('find the services of this host and write a first config; never overwrites')
    .argument('[service...]', 'with --add: only these services')
    .option('--add', 'add services that the config does not have yet; keep everything in it')
    .option('--yes', 'ask nothing: write everything found, disabled')
    .option('--enable', 'with --yes: enable the projects too')
    .addOption(
      new Option(
        '--output <file>',
        'where to write it (default: where the config is looked for)',
      ).conflicts('add'),
    )
    .option('--json', 'print one JSON document; with --yes')
    .addHelpText(
      'after',
      example(
        'sudo autoscaler init',
        'sudo autoscaler init --add',
        'autoscaler init --yes --output my.json',
      ),
    )
    .action(async (services: string[], { add = false, ...options }: InitFlags) => {
      if (add) {
        const { addCommand } = await import('../commands/init/add.ts');
        done(await addCommand(withGlobals({ ...options, services })));
        return;
      }
      if (services.length > 0) {
        throw new UserError(
          EXIT.usage,
          'services can be named only with --add',
          'autoscaler init --add SERVICE',
        );
      }
      const { initCommand } = await import('../commands/init/init.ts');
      done(await initCommand(withGlobals(options)));
    });
}

interface InitFlags {
  add?: boolean;
  yes?: boolean;
  enable?: boolean;
  output?: string;
  json?: boolean;
}

function defineCheck(command: Command, { done, withGlobals }: Context): void {
  command
    .description('check everything that a run depends on; changes nothing')
    .option('--strict', 'warnings count as errors')
    .option('--json', 'print one JSON document')
    .addHelpText('after', example('sudo autoscaler check', 'autoscaler check --strict --json'))
    .action(async (options: { strict?: boolean; json?: boolean }) => {
      const { checkCommand } = await import('../commands/check/check.ts');
      done(await checkCommand(withGlobals(options)));
    });
}

function defineTimer(command: Command, { done, withGlobals }: Context): void {
  command
    .description('show or change how often runs happen, and whether the timer is on')
    .option('--every <time>', 'run at this interval, such as 30s or 2m', everyArgument)
    .addOption(new Option('--on', 'turn the timer on, now and at every boot').conflicts('off'))
    .option('--off', 'turn it off')
    .option('--json', 'print one JSON document')
    .addHelpText('after', example('autoscaler timer', 'sudo autoscaler timer --every 30s --on'))
    .action(async (options: { every?: number; on?: boolean; off?: boolean; json?: boolean }) => {
      const { timerCommand } = await import('../commands/timer/timer.ts');
      done(await timerCommand(withGlobals(options)));
    });
}

/** Milliseconds; whole seconds, as a run takes a part of one. */
function everyArgument(text: string): number {
  const ms = durationArgument(text);
  if (ms % 1000 === 0 && ms >= LEAST_MS && ms <= MOST_MS) return ms;
  throw new InvalidArgumentError('expected whole seconds from 10s to 1d.');
}

const LEAST_MS = 10_000;
const MOST_MS = 86_400_000;

function defineSimulate(command: Command, { done, withGlobals }: Context): void {
  command
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
      const { simulateCommand } = await import('../commands/simulate/simulate.ts');
      done(await simulateCommand(withGlobals(options)));
    });
}
