import type { Shape } from './shape.ts';

const C = '/srv/app/venv/bin/celery';
const DEBIAN = `[Service]
Type=forking
EnvironmentFile=/etc/default/celery
ExecStart=/bin/sh -c '\${CELERY_BIN} -A $CELERY_APP multi start $CELERYD_NODES \\
    --pidfile=\${CELERYD_PID_FILE} --loglevel="\${CELERYD_LOG_LEVEL}" $CELERYD_OPTS'
ExecStop=/bin/sh -c '\${CELERY_BIN} multi stopwait $CELERYD_NODES --concurrency=9'
`;

/** How a Celery worker is given its number. */
export const CELERY: Shape[] = [
  {
    name: '--concurrency=N',
    exec: `${C} -A proj worker --concurrency=4 -l info`,
    workers: 4,
    what: '--concurrency in ExecStart',
    line: `ExecStart=${C} -A proj worker --concurrency=17 -l info`,
  },
  {
    name: '--concurrency N',
    exec: `${C} -A proj worker --concurrency 4`,
    workers: 4,
    line: `ExecStart=${C} -A proj worker --concurrency 17`,
  },
  {
    name: '-c N',
    exec: `${C} -A proj worker -c 4`,
    workers: 4,
    what: '-c in ExecStart',
    line: `ExecStart=${C} -A proj worker -c 17`,
  },
  {
    name: '-cN',
    exec: `${C} -A proj worker -c4`,
    workers: 4,
    line: `ExecStart=${C} -A proj worker -c17`,
  },
  {
    name: 'bundled: -EBc 4',
    exec: `${C} -A proj worker -EBc 4`,
    workers: 4,
    line: `ExecStart=${C} -A proj worker -EBc 17`,
  },
  {
    name: 'old form: celery worker -A proj',
    exec: `${C} worker -A proj -c 4`,
    workers: 4,
    line: `ExecStart=${C} worker -A proj -c 17`,
  },
  {
    name: 'the last flag wins',
    exec: `${C} -A proj worker -c 2 --concurrency=6`,
    workers: 6,
    line: `ExecStart=${C} -A proj worker -c 2 --concurrency=17`,
  },
  {
    name: 'global options first',
    exec: `${C} --app=proj -b redis://h/0 --workdir /srv -q worker -c4`,
    workers: 4,
    line: `ExecStart=${C} --app=proj -b redis://h/0 --workdir /srv -q worker -c17`,
  },
  {
    name: 'values that look like flags',
    exec: `${C} -A proj worker -n "-c 9" -Q "a,--concurrency=8" -Ofair -c 4`,
    workers: 4,
    line: `ExecStart=${C} -A proj worker -n "-c 9" -Q "a,--concurrency=8" -Ofair -c 17`,
  },
  {
    name: 'prefetch and limits are no count',
    exec: `${C} -A proj worker --prefetch-multiplier 9 --max-tasks-per-child=8 -c 4 --time-limit=7`,
    workers: 4,
    line: `ExecStart=${C} -A proj worker --prefetch-multiplier 9 --max-tasks-per-child=8 -c 17 --time-limit=7`,
  },
  {
    name: 'an embedded beat is a worker too',
    exec: `${C} -A proj worker -B -c 4`,
    workers: 4,
    line: `ExecStart=${C} -A proj worker -B -c 17`,
  },
  {
    name: 'python3 -m celery',
    exec: `/usr/bin/python3 -m celery -A proj worker -c 4`,
    workers: 4,
    line: `ExecStart=/usr/bin/python3 -m celery -A proj worker -c 17`,
  },
  {
    name: 'manage.py celery worker',
    exec: `/srv/venv/bin/python manage.py celery worker -c 4`,
    workers: 4,
    line: `ExecStart=/srv/venv/bin/python manage.py celery worker -c 17`,
  },
  {
    name: 'gevent pool: the number of greenlets',
    exec: `${C} -A proj worker -P gevent -c 100`,
    workers: 100,
    line: `ExecStart=${C} -A proj worker -P gevent -c 17`,
  },
  {
    name: '0 means one for each processor',
    exec: `${C} -A proj worker -c 0`,
    workers: 4,
    line: `ExecStart=${C} -A proj worker -c 17`,
  },
  {
    name: 'CELERY_WORKER_CONCURRENCY in Environment',
    text: `[Service]\nEnvironment=CELERY_WORKER_CONCURRENCY=4\nExecStart=${C} -A proj worker\n`,
    workers: 4,
    what: 'CELERY_WORKER_CONCURRENCY in Environment',
    line: 'Environment=CELERY_WORKER_CONCURRENCY=17',
  },
  {
    name: 'the old form does not look at CELERY_WORKER_CONCURRENCY',
    text: `[Service]\nEnvironment=CELERY_WORKER_CONCURRENCY=9\nExecStart=${C} worker -A proj\n`,
    workers: 4,
    dropIn: ['ExecStart=', `ExecStart=${C} worker -A proj --concurrency=17`],
  },
  {
    name: 'CELERYD_CONCURRENCY from an environment file',
    exec: `${C} -A proj worker --concurrency=\${CELERYD_CONCURRENCY}`,
    envFiles: { '/etc/default/celery': '# workers\nCELERYD_CONCURRENCY=4\nOTHER=4\n' },
    workers: 4,
    in: '/etc/default/celery',
    what: 'CELERYD_CONCURRENCY in /etc/default/celery',
    line: 'CELERYD_CONCURRENCY=17',
  },
  {
    name: 'CELERYD_OPTS, split by systemd',
    exec: `${C} -A proj worker $CELERYD_OPTS`,
    envFiles: { '/etc/default/celery': 'CELERYD_OPTS="--time-limit=300 --concurrency=4"\n' },
    workers: 4,
    in: '/etc/default/celery',
    what: 'CELERYD_OPTS in /etc/default/celery',
    line: 'CELERYD_OPTS="--time-limit=300 --concurrency=17"',
  },
  {
    name: "multi start, the unit of Celery's own documentation",
    text: DEBIAN,
    envFiles: {
      '/etc/default/celery':
        'CELERYD_NODES="w1"\nCELERY_BIN="/usr/local/bin/celery"\nCELERY_APP="proj"\nCELERYD_OPTS="--time-limit=300 --concurrency=8"\nCELERYD_PID_FILE="/run/%n.pid"\nCELERYD_LOG_LEVEL="INFO"\n',
    },
    workers: 8,
    in: '/etc/default/celery',
    what: 'CELERYD_OPTS in /etc/default/celery',
    line: 'CELERYD_OPTS="--time-limit=300 --concurrency=17"',
  },
  {
    name: 'multi start with -c N',
    exec: `${C} -A proj multi start w1 -c 4 --pidfile=/run/%n.pid`,
    workers: 4,
    line: `ExecStart=${C} -A proj multi start w1 -c 17 --pidfile=/run/%n.pid`,
  },
  {
    name: 'multi start without a number',
    exec: `/bin/sh -c "${C} multi start w1 -A proj"`,
    workers: 4,
    dropIn: ['ExecStart=', `ExecStart=/bin/sh -c "${C} multi start w1 -A proj --concurrency=17"`],
  },
  {
    name: 'no number: an option in a drop-in',
    exec: `${C} -A proj worker -l info`,
    workers: 4,
    dropIn: ['ExecStart=', `ExecStart=${C} -A proj worker -l info --concurrency=17`],
    why: /sets no number/,
  },
  {
    name: 'no number and `--`: the option stands before it',
    exec: `${C} -A proj worker -l info -- broker.pool_limit=1`,
    workers: 4,
    refused: 'config_file',
  },
  {
    name: 'settings behind `--` that are not about the pool',
    exec: `${C} -A proj worker -l info -- worker.prefetch_multiplier=1`,
    workers: 4,
    dropIn: [
      'ExecStart=',
      `ExecStart=${C} -A proj worker -l info --concurrency=17 -- worker.prefetch_multiplier=1`,
    ],
  },
];
