// The rooms of src/ (docs/architecture.md): which may import from which. What is not listed is an error.

/** Files at the top of src/ that every room may use. */
const COMMON = '^src/(?:errors|log|version)\\.ts$|^package\\.json$';

/** Each room, and the rooms that it may import from besides itself. */
const ROOMS = {
  model: [],
  metrics: ['model'],
  decide: ['model', 'metrics'],
  host: ['model'],
  output: ['model', 'host', 'metrics'],
  state: ['model', 'host', 'metrics'],
  queues: ['model', 'host'],
  kinds: ['model', 'host', 'queues', 'metrics'],
  config: ['model', 'host', 'queues', 'kinds', 'metrics', 'state'],
  targets: ['model', 'host', 'kinds'],
  measure: ['model', 'host', 'queues', 'kinds', 'targets', 'config', 'metrics'],
  act: ['model', 'host', 'queues', 'kinds', 'targets'],
  commands: [
    ...['model', 'host', 'output', 'state', 'queues', 'kinds', 'config', 'targets'],
    ...['measure', 'decide', 'act', 'metrics'],
  ],
  'command-line': ['commands', 'config', 'model', 'host', 'output', 'metrics'],
};

/** Rooms that read no clock, no file and no network. */
const PURE = ['model', 'metrics', 'decide'];

/** The modules about our own timer. */
const TIMER = ['timer', 'timer-interval', 'timer-drop-in'];

/** Rooms with a registry, and the folders that are an entry of it. */
const ENTRIES = {
  queues: '^src/queues/([^/]+)/',
  kinds: '^src/kinds/(?!shared/|command/)([^/]+)/',
  targets: '^src/targets/([^/]+)/',
};

/** What is about systemd itself, wherever services run: why, and the modules of targets/systemd that it may import. */
const ABOUT_SYSTEMD = {
  'commands/timer/': ['autoscaler itself runs by a timer', [...TIMER, 'actions']],
  'commands/rollback/rollback': ['stops that timer', ['actions', 'units']],
  'commands/(?:status|explain)/': ['say when the next run comes', TIMER],
  'commands/check/host': ['checks that timer', TIMER],
  'commands/simulate/simulate': ['assumes the interval of that timer', TIMER],
  'commands/shared/load-config': ['the interval of that timer is the default', TIMER],
  'commands/shared/true-names': ['asks for names in the call that asks for the timer', TIMER],
  'commands/hand-over/': ['a removal leaves starts to a unit of systemd', ['start-after']],
  'commands/check/(?:risks|code)': ['as whom commands of a unit run (User=)', ['run-as']],
  'commands/check/sockets': ['folders that go with another unit (RuntimeDirectory=)', ['restart']],
};

const ABOUT = Object.keys(ABOUT_SYSTEMD).map((file) => `^src/${file}`);
const room = (name) => `^src/${name}/`;

export default {
  forbidden: [
    { name: 'no-circle', severity: 'error', from: {}, to: { circular: true } },
    ...Object.entries(ROOMS).map(([name, may]) => ({
      name: `${name}-imports`,
      comment: `${name} may import from: ${may.join(', ') || 'nothing'}`,
      severity: 'error',
      from: { path: room(name) },
      to: { path: '^(?:src/|package\\.json)', pathNot: [...[name, ...may].map(room), COMMON] },
    })),
    {
      name: 'pure',
      comment: 'these rooms use neither Node nor packages',
      severity: 'error',
      from: { path: PURE.map(room) },
      to: { dependencyTypes: ['core', 'npm', 'npm-dev'] },
    },
    {
      name: 'a-room-of-its-own',
      comment: 'every folder of src/ is in the table above',
      severity: 'error',
      from: { path: '^src/[^/]+/', pathNot: Object.keys(ROOMS).map(room) },
      to: {},
    },
    ...Object.entries(ENTRIES).map(([name, entry]) => ({
      name: `${name}-by-interface`,
      comment: 'only the registry names an entry; all else goes by the interface',
      severity: 'error',
      from: {
        path: '^src/',
        pathNot: [`^src/${name}/registry\\.ts$`, entry, ...(name === 'targets' ? ABOUT : [])],
      },
      to: { path: entry },
    })),
    ...Object.entries(ENTRIES).map(([name, entry]) => ({
      name: `${name}-alone`,
      comment: 'no entry knows another one',
      severity: 'error',
      from: { path: entry },
      to: { path: entry, pathNot: `^src/${name}/$1/` },
    })),
    ...Object.entries(ABOUT_SYSTEMD).map(([file, [why, may]]) => ({
      name: `${file}-about-systemd`,
      comment: why,
      severity: 'error',
      from: { path: `^src/${file}` },
      to: { path: '^src/targets/systemd/', pathNot: may.map((each) => `/${each}\\.ts$`) },
    })),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.mjs', '.js', '.json'] },
  },
};
