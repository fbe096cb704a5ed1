import type { ArgumentFacts, CommandFacts, OptionFacts } from './commands.ts';

/** What a word that is asked for may be: fixed words, a file, a project of the config, or such or a service of this host. */
type Words = { words: readonly string[] } | 'file' | 'project' | 'service' | null;

// the units that run, without their suffix's decoration
const UNITS =
  "systemctl list-units --type=service --plain --no-legend --no-pager 2>/dev/null | awk '{print $1}'";

// where the config is not for this user to read there are the units, whose names do as well
const PROJECTS = 'autoscaler complete projects 2>/dev/null';

/** Completion for bash, to be put where bash-completion looks for it by the command's name. */
export function renderBash(program: CommandFacts, commands: readonly CommandFacts[]): string {
  const values = uniqueOptions([program, ...commands]).filter(({ takesValue }) => takesValue);
  return `# bash completion for autoscaler
_autoscaler_units() { ${UNITS}; }
_autoscaler_projects() { autoscaler \${config:+--config "$config"} complete projects 2>/dev/null; }
# names as the shell has to read them: they may hold blanks
_autoscaler_reply() {
  local word
  COMPREPLY=()
  while IFS= read -r word; do
    if [[ -n $word && $word == "$cur"* ]]; then COMPREPLY+=("$(printf %q "$word")"); fi
  done < <("$@")
}
_autoscaler_any() { _autoscaler_projects || true; _autoscaler_units; }
_autoscaler_project() { _autoscaler_projects || _autoscaler_units; }
_autoscaler() {
  local cur prev command= config= word i
  cur=\${COMP_WORDS[COMP_CWORD]}
  prev=\${COMP_WORDS[COMP_CWORD - 1]}
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    case $word in
      --config) ((i++)); config=\${COMP_WORDS[i]} ;;
      -*) ;;
      *) command=$word; break ;;
    esac
  done
  case $prev in
${values.map((option) => `    ${names(option).join('|')}) ${bashReply(wordsOf(option))}; return ;;`).join('\n')}
  esac
  case $command in
    '') COMPREPLY=($(compgen -W '${[...commands.map(({ name }) => name), ...flagsOf(program)].join(' ')}' -- "$cur")) ;;
${commands.map((command) => bashCommand(command, program)).join('\n')}
  esac
}
complete -F _autoscaler autoscaler
`;
}

function bashCommand({ name, args, options }: CommandFacts, program: CommandFacts): string {
  const flags = [...new Set([...options.flatMap(names), ...flagsOf(program)])].join(' ');
  const replies = args.map(argumentWords).filter((words) => words !== null);
  const lines = [
    `    ${name})`,
    `      if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W '${flags}' -- "$cur")); return; fi`,
    ...(replies[0] === undefined ? [] : [`      ${bashArguments(replies)}`]),
    '      ;;',
  ];
  return lines.join('\n');
}

/** The first argument and, once it stands there, those behind it. */
function bashArguments([first, ...rest]: Words[]): string {
  const second = rest[0];
  if (second === undefined || first === undefined) return bashReply(first ?? null);
  return `if ((COMP_CWORD == i + 1)); then ${bashReply(first)}; else ${bashReply(second)}; fi`;
}

function bashReply(words: Words): string {
  if (words === 'file') return 'COMPREPLY=($(compgen -f -- "$cur"))';
  if (words === 'project') return '_autoscaler_reply _autoscaler_project';
  if (words === 'service') return '_autoscaler_reply _autoscaler_any';
  return words === null
    ? 'COMPREPLY=()'
    : `COMPREPLY=($(compgen -W '${words.words.join(' ')}' -- "$cur"))`;
}

/** Completion for zsh, a file of the name `_autoscaler` in its function path. */
export function renderZsh(program: CommandFacts, commands: readonly CommandFacts[]): string {
  const described = commands.map(
    ({ name, description }) => `    '${name}:${quoteZsh(firstLine(description))}'`,
  );
  return `#compdef autoscaler
_autoscaler_units() {
  local -a units
  units=(\${(f)"$(${UNITS})"})
  compadd -a units
}
_autoscaler_projects() {
  local -a projects
  projects=(\${(f)"$(${PROJECTS})"})
  if ((\$#projects)); then compadd -a projects; else _autoscaler_units; fi
}
_autoscaler_services() {
  _autoscaler_projects
  _autoscaler_units
}
_autoscaler() {
  local state
  local -a commands=(
${described.join('\n')}
  )
  _arguments -C \\
${program.options.map((option) => `    ${zshOption(option)} \\`).join('\n')}
    '1:command:->command' '*::argument:->argument'
  case $state in
    command) _describe command commands ;;
    argument)
      case $words[1] in
${commands.map(zshCommand).join('\n')}
      esac ;;
  esac
}
_autoscaler "$@"
`;
}

function zshCommand({ name, args, options }: CommandFacts): string {
  const specs = [
    ...options.map(zshOption),
    ...args.map((argument, index) => {
      const place = argument.term.includes('...') ? '*' : String(index + 1);
      return `'${place}:${argument.term.replace(/[^a-z]/g, '')}:${zshAction(argumentWords(argument))}'`;
    }),
  ];
  return `        ${name}) _arguments ${specs.join(' ')} ;;`;
}

function zshOption(option: OptionFacts): string {
  const text = quoteZsh(firstLine(option.description));
  const value = option.takesValue ? `:value:${zshAction(wordsOf(option))}` : '';
  return names(option)
    .map((name) => `'${name}[${text}]${value}'`)
    .join(' ');
}

function zshAction(words: Words): string {
  if (words === 'file') return '_files';
  if (words === 'project') return '_autoscaler_projects';
  if (words === 'service') return '_autoscaler_services';
  return words === null ? ' ' : `(${words.words.join(' ')})`;
}

function quoteZsh(text: string): string {
  return text.replace(/'/g, "'\\''").replace(/([[\]:])/g, '\\$1');
}

/** Completion for fish. */
export function renderFish(program: CommandFacts, commands: readonly CommandFacts[]): string {
  const line = (condition: string, rest: string): string =>
    `complete -c autoscaler -n '${condition}' ${rest}`;
  const option = (
    condition: string,
    { short, long, description, ...rest }: OptionFacts,
  ): string => {
    const flags = [
      short === null ? '' : ` -s ${short.slice(1)}`,
      long === null ? '' : ` -l ${long.slice(2)}`,
    ].join('');
    const value = rest.takesValue
      ? ` -r${fishWords(wordsOf({ short, long, description, ...rest }))}`
      : '';
    return line(condition, `${flags.trim()}${value} -d ${quoteFish(firstLine(description))}`);
  };
  return [
    '# fish completion for autoscaler',
    'complete -c autoscaler -f',
    ...program.options.map((each) => option('true', each)),
    ...commands.map(({ name, description }) =>
      line('__fish_use_subcommand', `-a ${name} -d ${quoteFish(firstLine(description))}`),
    ),
    ...commands.flatMap(({ name, args, options }) => {
      const seen = `__fish_seen_subcommand_from ${name}`;
      return [
        ...options.map((each) => option(seen, each)),
        ...args
          .map(argumentWords)
          .filter((words) => words !== null)
          .map((words) => line(seen, fishWords(words).trim())),
      ];
    }),
    '',
  ].join('\n');
}

function fishWords(words: Words): string {
  if (words === null) return '';
  if (words === 'file') return ' -F';
  const units = UNITS.replaceAll('$', '\\$');
  if (words === 'project') return ` -a "(${PROJECTS}; or ${units})"`;
  if (words === 'service') return ` -a "(${PROJECTS}; ${units})"`;
  return ` -a '${words.words.join(' ')}'`;
}

function quoteFish(text: string): string {
  return `'${text.replace(/(['\\])/g, '\\$1')}'`;
}

function argumentWords({ term, choices }: ArgumentFacts): Words {
  if (choices.length > 0) return { words: choices };
  if (/project/.test(term)) return 'project';
  return /service|target/.test(term) ? 'service' : null;
}

function wordsOf({ flags, choices }: OptionFacts): Words {
  if (choices.length > 0) return { words: choices };
  if (/<(file|dir|path)>/.test(flags)) return 'file';
  return /<project>/.test(flags) ? 'project' : null;
}

function names({ short, long }: OptionFacts): string[] {
  return [short, long].filter((name) => name !== null);
}

function flagsOf({ options }: CommandFacts): string[] {
  return options.flatMap(names);
}

function uniqueOptions(commands: readonly CommandFacts[]): OptionFacts[] {
  const all = commands.flatMap(({ options }) => options);
  return all.filter(
    (option, index) => all.findIndex(({ flags }) => flags === option.flags) === index,
  );
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? '';
}
