import { Option, type Command } from 'commander';
import { durationArgument } from '../commands/shared/duration-argument.ts';
import { example, positiveInteger, type Context, type Define } from './definition.ts';

/** The commands that hold autoscaler back for a time. */
export const CONTROL = {
  pause: definePause,
  resume: defineResume,
  pin: definePin,
  unpin: defineUnpin,
} satisfies Record<string, Define>;

function definePause(command: Command, { done, withGlobals }: Context): void {
  command
    .description('stop changing a project, or all, for a time; measuring continues')
    .argument('[project]', 'a project or service; all by default')
    .addOption(new Option('--only <direction>', 'pause one direction').choices(['up', 'down']))
    .option(
      '--for <time>',
      'end automatically after a time, such as 30m, 2h or 7d',
      durationArgument,
    )
    .option('--json', 'print one JSON document')
    .addHelpText('after', example('autoscaler pause --for 2h', 'autoscaler pause shop --only down'))
    .action(async (project: string | undefined, options: PauseFlags) => {
      const { pauseCommand } = await import('../commands/controls/pause.ts');
      done(await pauseCommand(withGlobals({ ...options, project })));
    });
}

function defineResume(command: Command, { done, withGlobals }: Context): void {
  command
    .description('end the pauses of a project, or all pauses')
    .argument('[project]', 'a project or service; all by default')
    .option('--json', 'print one JSON document')
    .addHelpText('after', example('autoscaler resume', 'autoscaler resume shop'))
    .action(async (project: string | undefined, options: { json?: boolean }) => {
      const { resumeCommand } = await import('../commands/controls/pause.ts');
      done(await resumeCommand(withGlobals({ ...options, project })));
    });
}

function definePin(command: Command, { done, withGlobals }: Context): void {
  command
    .description('keep a service at a number of workers, whatever the metrics say')
    .argument('<service>', 'a project or service')
    .argument('<n>', 'the number of workers, within min_workers and max_workers', positiveInteger)
    .option(
      '--for <time>',
      'end automatically after a time, such as 30m, 2h or 7d',
      durationArgument,
    )
    .option('--json', 'print one JSON document')
    .addHelpText('after', example('autoscaler pin shop 4 --for 2h'))
    .action(async (service: string, workers: number, options: { for?: number; json?: boolean }) => {
      const { pinCommand } = await import('../commands/controls/pin.ts');
      done(await pinCommand(withGlobals({ ...options, service, workers })));
    });
}

function defineUnpin(command: Command, { done, withGlobals }: Context): void {
  command
    .description('let the metrics decide again')
    .argument('[service]', 'a project or service; all by default')
    .option('--json', 'print one JSON document')
    .addHelpText('after', example('autoscaler unpin shop'))
    .action(async (service: string | undefined, options: { json?: boolean }) => {
      const { unpinCommand } = await import('../commands/controls/pin.ts');
      done(await unpinCommand(withGlobals({ ...options, service })));
    });
}

interface PauseFlags {
  only?: 'up' | 'down';
  for?: number;
  json?: boolean;
}
