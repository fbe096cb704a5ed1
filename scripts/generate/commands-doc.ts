import { COMMAND_DETAILS } from './command-details.ts';
import type { CommandFacts, OptionFacts } from './commands.ts';

/** `docs/commands.md`: the command line in Markdown, from its own descriptions. */
export function renderCommandsDoc(
  program: CommandFacts,
  commands: readonly CommandFacts[],
): string {
  const [notes, codes] = splitExitCodes(program.notes);
  return [
    '<!-- Generated from the command line: npm run generate -->',
    '',
    '# Commands',
    '',
    'Results go to stdout, messages to stderr. `docs/json/README.md` says what `--json` prints; `man autoscaler` holds the',
    'same as this page.',
    '',
    fence(notes),
    '',
    '## Exit codes',
    '',
    '| code | means |',
    '| --- | --- |',
    ...codes.map(([code, meaning]) => `| ${code} | ${meaning} |`),
    '',
    '## Global options',
    '',
    ...program.options.map(renderOption),
    '',
    ...commands.flatMap(renderCommand),
  ]
    .join('\n')
    .replace(/\n+$/, '\n');
}

function renderCommand({ name, description, args, options, notes }: CommandFacts): string[] {
  const terms = args.map(({ term }) => ` ${term}`).join('');
  const described = args.filter(({ description }) => description !== '');
  const shown = options.filter(({ long }) => long !== '--help');
  return [
    `## \`autoscaler ${name}${terms}\``,
    '',
    `${capitalize(description.replaceAll('\n', ' '))}.`,
    '',
    ...described.map(
      ({ term, description, choices }) =>
        `- \`${term}\`: ${escape(description)}${listChoices(choices)}`,
    ),
    ...shown.map(renderOption),
    ...(described.length + shown.length > 0 ? [''] : []),
    ...(COMMAND_DETAILS[name] ?? []).flatMap((text) => [markUp(text), '']),
    ...(notes === '' ? [] : [fence(notes), '']),
  ];
}

function renderOption({ flags, description, choices }: OptionFacts): string {
  return `- \`${flags}\`: ${escape(description.replaceAll('\n', ' '))}${listChoices(choices)}`;
}

function listChoices(choices: readonly string[]): string {
  return choices.length === 0 ? '' : `; one of ${choices.map((word) => `\`${word}\``).join(', ')}`;
}

/** The notes of the program without the list of exit codes at their end, and that list. */
function splitExitCodes(notes: string): [rest: string, codes: [code: string, meaning: string][]] {
  const at = notes.indexOf('Exit codes:');
  const codes: [string, string][] = [];
  for (const line of notes.slice(at).split('\n').slice(1)) {
    const [, code, meaning = ''] = /^ *(\d+)? +(\S.*)$/.exec(line) ?? [];
    const last = codes.at(-1);
    if (code !== undefined) codes.push([code, meaning]);
    else if (last !== undefined) last[1] = `${last[1]} ${meaning}`.trim();
  }
  return [notes.slice(0, at).trim(), codes];
}

function fence(text: string): string {
  return `\`\`\`text\n${text}\n\`\`\``;
}

function capitalize(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** Options and files as code. */
function markUp(text: string): string {
  return text.replace(
    /(?<!\S)--[a-z]+|\b[a-z.]+\.(?:bak|json)+\b|\bdocs\/[a-z-]+\.md|\b[a-z]+(?:_[a-z]+)+\b/g,
    '`$&`',
  );
}

/** What Markdown would take for markup. */
function escape(text: string): string {
  return text.replace(/[<*]/g, '\\$&');
}
