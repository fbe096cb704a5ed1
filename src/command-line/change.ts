import type { RollbackOptions } from '../commands/rollback/options.ts';
import type { GlobalOptions } from '../commands/shared/global-options.ts';
import type { Command } from 'commander';
import { example, positiveInteger, type Context, type Define } from './definition.ts';

/** The commands that change services, or what may be changed. */
export const CHANGE = {
  run: defineRun,
  scale: defineScale,
  rollback: defineRollback,
  enable: defineSwitch(true, 'let autoscaler change projects (sets "enabled": true in the config)'),
  disable: defineSwitch(
    false,
    'leave projects alone entirely (sets "enabled": false in the config)',
  ),
} satisfies Record<string, Define>;

function defineRun(command: Command, { done, withGlobals }: Context): void {
  command
    .description('measure, decide, and change what needs changing (what the timer runs)')
    .option('--dry-run', 'show each decision and the edits it would make; write nothing')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      example('autoscaler run --dry-run', 'autoscaler run --json | jq .services'),
    )
    .action(async (options: { dryRun?: boolean; json?: boolean }) => {
      const { runCommand } = await import('../commands/run/run.ts');
      done(await runCommand(withGlobals(options)));
    });
}

function defineScale(command: Command, { done, withGlobals }: Context): void {
  command
    .description('set the number of workers of one service by hand')
    .argument('<service>', 'a service or the name of a project')
    .argument('<n>', 'the number of workers', positiveInteger)
    .option('--force', "ignore the project's min_workers, max_workers and max_step")
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
        const { scaleCommand } = await import('../commands/scale/scale.ts');
        done(await scaleCommand(withGlobals({ ...options, service, workers })));
      },
    );
}

function defineRollback(command: Command, { done, withGlobals }: Context): void {
  command
    .description('restore the unit files as they were before the first change; stops the timer')
    .argument('[service...]', 'only these services')
    .option('--list', 'list all changes; change nothing')
    .option('--changed', 'list the files that are still changed, and where their originals are')
    .option('--last', 'undo the last change only')
    .option('--keep-timer', 'leave the timer running')
    .option('--dry-run', 'show what would be restored; write nothing')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      example('autoscaler rollback --list', 'autoscaler rollback --last', 'autoscaler rollback'),
    )
    .action(async (services: string[], options: RollbackFlags) => {
      const { rollbackCommand } = await import('../commands/rollback/rollback.ts');
      done(await rollbackCommand(withGlobals({ ...options, services })));
    });
}

function defineSwitch(enabled: boolean, what: string): Define {
  return (command, { done, withGlobals }) => {
    command
      .description(what)
      .argument('[project...]', 'projects or services')
      .option('--all', 'all projects of the config')
      .option('--dry-run', 'show the edit; write nothing')
      .option('--json', 'print one JSON document')
      .addHelpText(
        'after',
        example(`autoscaler ${command.name()} shop`, `autoscaler ${command.name()} --all`),
      )
      .action(async (projects: string[], options: SwitchFlags) => {
        const { enableCommand } = await import('../commands/enable/enable.ts');
        done(await enableCommand(withGlobals({ ...options, projects, enabled })));
      });
  };
}

interface SwitchFlags {
  all?: boolean;
  dryRun?: boolean;
  json?: boolean;
}

/** What of the options of `rollback` stands in its own flags. */
type RollbackFlags = Omit<RollbackOptions, 'services' | keyof GlobalOptions>;
