import { COMMAND_DETAILS } from './command-details.ts';
import type { CommandFacts } from './commands.ts';

/** The manual page in the language of man(7), from the command line's own descriptions. */
export function renderMan(
  program: CommandFacts,
  commands: readonly CommandFacts[],
  version: string,
): string {
  return [
    `.TH AUTOSCALER 8 "" "autoscaler ${version}" "System Administration"`,
    '.SH NAME',
    'autoscaler \\- the right number of Gunicorn and Celery workers on this host',
    '.SH SYNOPSIS',
    '.B autoscaler',
    '[\\fIoptions\\fR] \\fIcommand\\fR [\\fIarguments\\fR]',
    '.SH DESCRIPTION',
    escapeText(program.description.replaceAll('\n', ' ')),
    '.PP',
    'A systemd timer runs \\fBautoscaler run\\fR every 2 minutes, or as often as \\fBautoscaler timer\\fR says. It measures CPU, memory and the Celery queues,',
    'holds each value against the thresholds of the config, and where one has held for its whole duration it',
    "changes the number of workers in the service's unit, makes the running service take it over, and proves",
    'that it did; if not, it puts everything back. Every decision is explained with its numbers.',
    '.SH OPTIONS',
    ...program.options.flatMap(renderOption),
    '.SH COMMANDS',
    ...commands.flatMap(renderCommand),
    '.SH FILES',
    ...FILES.flatMap(([path, text]) => ['.TP', `.I ${escapeText(path)}`, escapeText(text)]),
    '.SH NOTES',
    '.nf',
    escapeText(program.notes),
    '.fi',
    '.SH SEE ALSO',
    '.BR systemctl (1),',
    '.BR systemd.timer (5),',
    '.BR journalctl (1)',
    '.PP',
    escapeText('The README: /usr/share/doc/autoscaler/README.md'),
    '',
  ].join('\n');
}

const FILES: [path: string, text: string][] = [
  ['/etc/autoscaler/config.json', 'the config'],
  [
    '/etc/systemd/system/autoscaler.timer.d/',
    "the timer's interval, where autoscaler timer --every has set one",
  ],
  ['/var/lib/autoscaler/history.jsonl', 'one line a run and one a change'],
  [
    '/var/backups/autoscaler/changes/',
    'a folder per change: manifest and copies of what was before',
  ],
];

function renderCommand({ name, description, args, options, notes }: CommandFacts): string[] {
  const terms = args.map(({ term }) => ` \\fI${escapeText(term)}\\fR`).join('');
  return [
    `.SS "${name}${terms}"`,
    escapeText(`${description.replaceAll('\n', ' ')}.`),
    ...args
      .filter(({ description }) => description !== '')
      .flatMap(({ term, description, choices }) => [
        '.TP',
        `.I ${escapeText(term)}`,
        escapeText(description + (choices.length === 0 ? '' : `; one of ${choices.join(', ')}`)),
      ]),
    ...options.flatMap(renderOption),
    ...(COMMAND_DETAILS[name] ?? []).flatMap((text) => ['.PP', escapeText(text)]),
    ...(notes === '' ? [] : ['.PP', '.nf', escapeText(notes), '.fi']),
  ];
}

function renderOption({ flags, description, choices }: CommandFacts['options'][number]): string[] {
  const of = choices.length === 0 ? '' : `; one of ${choices.join(', ')}`;
  return ['.TP', `.B ${escapeText(flags)}`, escapeText(description + of)];
}

/** A dot or quote at the start of a line would be a request, a backslash an escape. See groff(7). */
function escapeText(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(
      /[^\x00-\x7f]/g,
      (char) => `\\[u${char.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0') ?? ''}]`,
    )
    .replace(/^([.'])/gm, '\\&$1');
}
