/**
 * A program that runs the command which follows it. `values`: its options that take a value. `skip`:
 * words of its own before the command. `sub`: the subcommand that runs something. `assigns`: takes
 * `NAME=value` before the command. `clears`: options that keep the environment from the command.
 */
export interface Wrapper {
  values?: string;
  skip?: number;
  sub?: string;
  assigns?: true;
  clears?: string;
  /** options that name the folder to go to */
  moves?: string;
  /** options that bring variables that are not seen here; `true`: it always brings some */
  hides?: string | true;
  /** options that take a variable from the command */
  unsets?: string;
  /** options behind its own words whose value is a script for a shell */
  script?: string;
  /** an option without which it runs the command elsewhere */
  needs?: string;
  /** it changes what `/` is, so that no path of the command leads here to what it will find */
  moved?: true;
  /** its own words end at `--`; `or_script`: without one, its last word is a script for a shell */
  separated?: 'always' | 'or_script';
}

/** Brings variables from a store of secrets: `exec STORE… -- COMMAND`. */
const SECRETS_EXEC: Wrapper = { sub: 'exec', separated: 'always', hides: true };
const PACKAGE_RUN: Wrapper = { sub: 'run', values: '-C --directory -P --project -n -p --name' };

/** Programs that come before Gunicorn or Celery in ExecStart=; `su`, `sudo` and shells are apart. */
const WRAPPERS: Record<string, Wrapper> = {
  env: {
    values: '-u --unset -C --chdir',
    assigns: true,
    clears: '-i - --ignore-environment',
    unsets: '-u --unset',
    moves: '-C --chdir',
  },
  exec: { values: '-a', clears: '-c' },
  command: {},
  builtin: {},
  nohup: {},
  nice: { values: '-n --adjustment' },
  ionice: { values: '-c --class -n --classdata' },
  chrt: { values: '-T --sched-runtime -P --sched-period -D --sched-deadline', skip: 1 },
  taskset: { skip: 1 },
  setpriv: {
    values:
      '--reuid --regid --ruid --euid --rgid --egid --groups --inh-caps --ambient-caps --bounding-set --securebits --pdeathsig --selinux-label --apparmor-profile',
    clears: '--reset-env',
  },
  time: { values: '-f --format -o --output' },
  numactl: {
    values: '-i --interleave -N --cpunodebind -m --membind -C --physcpubind -p --preferred -w',
  },
  stdbuf: { values: '-i --input -o --output -e --error' },
  timeout: { values: '-k --kill-after -s --signal', skip: 1 },
  setsid: {},
  flock: { values: '-w --timeout -E --conflict-exit-code', skip: 1, script: '-c --command' },
  prlimit: {},
  unshare: {},
  chroot: { values: '--userspec --groups', skip: 1, moved: true },
  'systemd-run': {
    values:
      '-u --unit -p --property --description --slice --uid --gid --nice --working-directory -E --setenv -M --machine -H --host',
    moves: '--working-directory',
    hides: '-E --setenv',
    needs: '--scope',
  },
  'systemd-cat': { values: '-t --identifier -p --priority --stderr-priority' },
  'systemd-inhibit': { values: '--what --who --why --mode' },
  'dumb-init': { values: '-r --rewrite' },
  tini: { values: '-p -e' },
  gosu: { skip: 1 },
  'su-exec': { skip: 1 },
  setuidgid: { skip: 1 },
  's6-setuidgid': { skip: 1 },
  envdir: { skip: 1, hides: true },
  's6-envdir': { skip: 1, hides: true },
  softlimit: { values: '-a -c -d -f -l -m -o -p -r -s -t' },
  authbind: {},
  'xvfb-run': {
    values:
      '-e --error-file -f --auth-file -n --server-num -p --xauth-protocol -s --server-args -w --wait',
  },
  scl: { sub: 'enable', separated: 'or_script', hides: true },
  chpst: { values: '-u -U -b -e -d -o -p -f -c -m -l -L -t', hides: '-e -d' },
  cgexec: { values: '-g' },
  catchsegv: {},
  'newrelic-admin': { sub: 'run-program' },
  'ddtrace-run': {},
  'opentelemetry-instrument': {
    values:
      '--traces_exporter --metrics_exporter --logs_exporter --service_name --exporter_otlp_endpoint --id_generator',
  },
  'elasticapm-run': {},
  'scout-apm-run': {},
  dotenv: { sub: 'run', values: '-f --file -q --quote -e --export', hides: true },
  honcho: { sub: 'run', values: '-e --env -d --app-root -f --procfile', hides: true },
  direnv: { sub: 'exec', skip: 1, hides: true },
  pyenv: { sub: 'exec' },
  pixi: {
    sub: 'run',
    values: '--manifest-path -m -e --environment --color --auth-file --concurrent-downloads',
    hides: true,
  },
  sops: { sub: 'exec-env', values: '--user', separated: 'or_script', hides: true },
  dotenvx: { sub: 'run', values: '-f --env-file -fk --env-keys-file -e --env', hides: true },
  doppler: {
    sub: 'run',
    values: '-p --project -c --config -t --token --mount --mount-format --fallback --scope',
    hides: true,
  },
  infisical: { sub: 'run', values: '-e --env --path --projectId --token --tags', hides: true },
  op: { sub: 'run', values: '--env-file --account --environment', hides: true },
  chamber: SECRETS_EXEC,
  'aws-vault': SECRETS_EXEC,
  poetry: { ...PACKAGE_RUN, moves: '-C --directory' },
  pdm: { ...PACKAGE_RUN, moves: '-p --project' },
  pipenv: { sub: 'run' },
  uv: {
    sub: 'run',
    values:
      '-w --with --with-editable --with-requirements --project --directory --env-file --python -p --extra --no-extra --group --no-group --only-group --package --index --default-index --index-url -i --find-links -f --config-file --cache-dir --color --refresh-package --upgrade-package -P --reinstall-package --config-setting -C --link-mode --python-platform',
    moves: '--directory',
    hides: '--env-file',
  },
  hatch: { sub: 'run', values: '-e --env -p --project' },
  rye: { sub: 'run', values: '--pyproject' },
  conda: { sub: 'run', values: '-n --name -p --prefix --cwd', moves: '--cwd' },
  mamba: { sub: 'run', values: '-n --name -p --prefix --cwd', moves: '--cwd' },
  micromamba: {
    sub: 'run',
    values: '-n --name -p --prefix -r --root-prefix --cwd -e --env',
    moves: '--cwd',
    hides: '-e --env',
  },
};

/** The wrapper of this name; null: it is none that is known. */
export function findWrapper(name: string): Wrapper | null {
  return Object.hasOwn(WRAPPERS, name) ? (WRAPPERS[name] ?? null) : null;
}
