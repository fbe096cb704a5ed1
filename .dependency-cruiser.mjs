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
    {
      name: 'queues-by-interface',
      comment: 'nothing names a kind of broker but its own folder and the registry',
      severity: 'error',
      from: {
        path: '^src/',
        pathNot: ['^src/queues/(?:redis|rabbitmq)/', '^src/queues/registry\\.ts$'],
      },
      to: { path: '^src/queues/(?:redis|rabbitmq)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.mjs', '.js', '.json'] },
  },
};
