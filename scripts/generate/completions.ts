import type { ArgumentFacts, CommandFacts, OptionFacts } from './commands.ts';

/** What a word that is asked for may be: fixed words, a file, a project of the config, or such or a service of this host. */
type Words = { words: readonly string[] } | 'file' | 'project' | 'service' | null;

// the units that run, without their suffix's decoration
const UNITS =
  "systemctl list-units --type=service --plain --no-legend --no-pager 2>/dev/null | awk '{print $1}'";

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
  projects=(\${(f)"$(autoscaler \${config:+--config=$config} complete projects 2>/dev/null)"})
  if ((\$#projects)); then compadd -a projects; else _autoscaler_units; fi
}
_autoscaler_services() {
  _autoscaler_projects
  _autoscaler_units
}
_autoscaler() {
  local curcontext=$curcontext state config
  local -A opt_args
  local -a commands=(
${described.join('\n')}
  )
  local -a everywhere=(
${program.options.map((option) => `    ${zshOption(option)}`).join('\n')}
  )
  _arguments -C $everywhere '1:command:->command' '*::argument:->argument'
  config=\${(Q)opt_args[--config]}
  case $state in
    command) _describe command commands ;;
    argument)
      case $words[1] in
${commands.map((command) => zshCommand(command, program)).join('\n')}
      esac ;;
  esac
}
_autoscaler "$@"
`;
}

function zshCommand({ name, args, options }: CommandFacts, program: CommandFacts): string {
  const known = program.options.map(({ flags }) => flags);
  const specs = [
    '$everywhere',
    ...options.filter(({ flags }) => !known.includes(flags)).map(zshOption),
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
  const option = (condition: string, { short, long, ...rest }: OptionFacts): string => {
    const flags = [
      short === null ? '' : ` -s ${short.slice(1)}`,
      long === null ? '' : ` -l ${long.slice(2)}`,
    ].join('');
    const words = rest.takesValue ? wordsOf({ short, long, ...rest }) : null;
    const value = rest.takesValue ? (words === 'file' ? ' -r' : ' -x') : '';
    const about = `-d ${quoteFish(firstLine(rest.description))}`;
    return line(condition, `${flags.trim()}${value}${fishWords(words)} ${about}`);
  };
  return [
    FISH_HEAD,
    ...program.options.map((each) => option('true', each)),
    ...commands.map(({ name, description }) =>
      line('__autoscaler_is ""', `-a ${name} -d ${quoteFish(firstLine(description))}`),
    ),
    ...commands.flatMap(({ name, args, options }) => {
      const seen = `__autoscaler_is ${name}`;
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

// what fish itself has for this takes the file behind --config for the command, and a project for one that is called like it
const FISH_HEAD = `# fish completion for autoscaler
function __autoscaler_is --description 'whether this is the command; "": none is there yet'
    set -l words (commandline -opc)[2..]
    set -l command
    while set -q words[1]
        switch $words[1]
            case --config
                set -e words[1]
            case '-*'
            case '*'
                set command $words[1]
                break
        end
        set -e words[1]
    end
    test "$command" = "$argv[1]"
end
function __autoscaler_units
    ${UNITS}
end
function __autoscaler_projects
    set -l words (commandline -opc)
    set -l config
    if set -l at (contains -i -- --config $words); and set -q words[(math $at + 1)]
        set config --config $words[(math $at + 1)]
    end
    autoscaler $config complete projects 2>/dev/null; or __autoscaler_units
end
complete -c autoscaler -f`;

function fishWords(words: Words): string {
  if (words === null) return '';
  if (words === 'file') return ' -F';
  if (words === 'project') return ' -a "(__autoscaler_projects)"';
  if (words === 'service') return ' -a "(__autoscaler_projects; __autoscaler_units)"';
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
