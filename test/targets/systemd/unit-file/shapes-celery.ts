import { shapeTable } from './shape.ts';
import type { Shape } from './shape.ts';

const CELERY_5 = 'def main() -> int:\n    return celery(auto_envvar_prefix="CELERY")\n';

/** How a Celery worker is given its number. */
export const CELERY: Shape[] = [
  ...shapeTable(`
  --concurrency=N | /srv/app/venv/bin/celery -A proj worker --concurrency=«4» -l info
  --concurrency N | /srv/app/venv/bin/celery -A proj worker --concurrency «4»
  -c N | /srv/app/venv/bin/celery -A proj worker -c «4»
  -cN | /srv/app/venv/bin/celery -A proj worker -c«4»
  bundled: -EBc 4 | /srv/app/venv/bin/celery -A proj worker -EBc «4»
  old form: celery worker -A proj | /srv/app/venv/bin/celery worker -A proj -c «4»
  the last flag wins | /srv/app/venv/bin/celery -A proj worker -c 2 --concurrency=«6»
  global options first | /srv/app/venv/bin/celery --app=proj -b redis://h/0 --workdir /srv -q worker -c«4»
  values that look like flags | /srv/app/venv/bin/celery -A proj worker -n "-c 9" -Q "a,--concurrency=8" -Ofair -c «4»
  prefetch and limits are no count | /srv/app/venv/bin/celery -A proj worker --prefetch-multiplier 9 --max-tasks-per-child=8 -c «4» --time-limit=7
  an embedded beat is a worker too | /srv/app/venv/bin/celery -A proj worker -B -c «4»
  python3 -m celery | /usr/bin/python3 -m celery -A proj worker -c «4»
  manage.py celery worker | /srv/venv/bin/python manage.py celery worker -c «4»
  a command of a project | /srv/venv/bin/nautobot-server celery worker --loglevel INFO --concurrency «2»
  a command of a project, started by Python | /srv/venv/bin/python /srv/venv/bin/nautobot-server celery worker -c «2»
  airflow, whose -s takes no value | /opt/venv/bin/airflow celery worker -s -c «2» -q default -H host
  gevent pool: the number of greenlets | /srv/app/venv/bin/celery -A proj worker -P gevent -c «100»
  a sign, which stays | /srv/app/venv/bin/celery -A proj worker --concurrency=+«4»
  newrelic, nice, bash | /bin/bash -c 'nice -n 5 newrelic-admin run-program celery -A proj worker -c «4» -Q a,b'
  multi start with -c N | /srv/app/venv/bin/celery -A proj multi start w1 -c «4» --pidfile=/run/%n.pid
  `),
  {
    name: '0 means one for each processor',
    exec: '/srv/app/venv/bin/celery -A proj worker -c «0»',
    workers: 4,
  },
  {
    name: 'CELERY_WORKER_CONCURRENCY in Environment',
    text: '[Service]\nEnvironment=CELERY_WORKER_CONCURRENCY=«4»\nExecStart=/srv/app/venv/bin/celery -A proj worker\n',
    what: 'CELERY_WORKER_CONCURRENCY in Environment',
  },
  {
    name: 'the old form does not look at CELERY_WORKER_CONCURRENCY',
    text: '[Service]\nEnvironment=CELERY_WORKER_CONCURRENCY=9\nExecStart=/srv/app/venv/bin/celery worker -A proj\n',
    workers: 4,
    dropIn: ['ExecStart=', 'ExecStart=/srv/app/venv/bin/celery worker -A proj --concurrency=17'],
  },
  {
    name: 'CELERYD_CONCURRENCY from an environment file',
    exec: '/srv/app/venv/bin/celery -A proj worker --concurrency=${CELERYD_CONCURRENCY}',
    envFiles: { '/etc/default/celery': '# workers\nCELERYD_CONCURRENCY=«4»\nOTHER=4\n' },
    what: 'CELERYD_CONCURRENCY in /etc/default/celery',
  },
  {
    name: 'CELERYD_OPTS, split by systemd',
    exec: '/srv/app/venv/bin/celery -A proj worker $CELERYD_OPTS',
    envFiles: { '/etc/default/celery': 'CELERYD_OPTS="--time-limit=300 --concurrency=«4»"\n' },
    what: 'CELERYD_OPTS in /etc/default/celery',
  },
  {
    name: "multi start, the unit of Celery's own documentation",
    text: `[Service]\nType=forking\nEnvironmentFile=/etc/default/celery\nExecStart=/bin/sh -c '\${CELERY_BIN} -A $CELERY_APP multi start $CELERYD_NODES \\\n    --pidfile=\${CELERYD_PID_FILE} --loglevel="\${CELERYD_LOG_LEVEL}" $CELERYD_OPTS'\nExecStop=/bin/sh -c '\${CELERY_BIN} multi stopwait $CELERYD_NODES --concurrency=9'\n`,
    envFiles: {
      '/etc/default/celery':
        'CELERYD_NODES="w1"\nCELERY_BIN="/usr/local/bin/celery"\nCELERY_APP="proj"\nCELERYD_OPTS="--time-limit=300 --concurrency=«8»"\nCELERYD_PID_FILE="/run/%n.pid"\nCELERYD_LOG_LEVEL="INFO"\n',
    },
    what: 'CELERYD_OPTS in /etc/default/celery',
  },
  {
    name: 'multi start without a number',
    exec: '/bin/sh -c "/srv/app/venv/bin/celery multi start w1 -A proj"',
    workers: 4,
    dropIn: [
      'ExecStart=',
      'ExecStart=/bin/sh -c "/srv/app/venv/bin/celery multi start w1 -A proj --concurrency=17"',
    ],
  },
  {
    name: 'no number: an option in a drop-in',
    exec: '/srv/app/venv/bin/celery -A proj worker -l info',
    workers: 4,
    dropIn: [
      'ExecStart=',
      'ExecStart=/srv/app/venv/bin/celery -A proj worker -l info --concurrency=17',
    ],
    why: /sets no number/,
  },
  {
    name: 'no number, and Celery 5 in a virtual environment: its variable',
    exec: '/srv/app/venv/bin/celery -A proj worker -l info',
    files: {
      '/srv/app/venv/pyvenv.cfg': 'home = /usr/bin\nversion = 3.11.2\n',
      '/srv/app/venv/lib/python3.11/site-packages/celery/bin/celery.py': CELERY_5,
    },
    workers: 4,
    dropIn: ['Environment=CELERY_WORKER_CONCURRENCY=17'],
  },
  {
    name: "no number, and Debian's Celery 5",
    exec: '/usr/bin/celery multi start w1 -A proj',
    files: { '/usr/lib/python3/dist-packages/celery/bin/celery.py': CELERY_5 },
    workers: 4,
    dropIn: ['Environment=CELERY_WORKER_CONCURRENCY=17'],
  },
  {
    name: 'no number, and Celery 5 as a module',
    exec: '/srv/venv/bin/python -m celery -A proj worker',
    files: {
      '/srv/venv/pyvenv.cfg': 'version_info = 3.12.1.final.0\n',
      '/srv/venv/lib/python3.12/site-packages/celery/bin/celery.py': CELERY_5,
    },
    workers: 4,
    dropIn: ['Environment=CELERY_WORKER_CONCURRENCY=17'],
  },
  {
    name: 'no number, and a command of a project: an option, as nobody knows of its variables',
    exec: '/srv/venv/bin/nautobot-server celery worker -l INFO',
    files: {
      '/srv/venv/pyvenv.cfg': 'version = 3.11.2\n',
      '/srv/venv/lib/python3.11/site-packages/celery/bin/celery.py': CELERY_5,
    },
    workers: 4,
    dropIn: [
      'ExecStart=',
      'ExecStart=/srv/venv/bin/nautobot-server celery worker -l INFO --concurrency=17',
    ],
  },
  {
    name: 'no number, and Celery 4, which knows no such variable',
    exec: '/srv/app/venv/bin/celery -A proj worker',
    files: {
      '/srv/app/venv/pyvenv.cfg': 'version = 3.7.3\n',
      '/srv/app/venv/lib/python3.7/site-packages/celery/bin/celery.py':
        'class CeleryCommand(Command):\n',
    },
    workers: 4,
    dropIn: ['ExecStart=', 'ExecStart=/srv/app/venv/bin/celery -A proj worker --concurrency=17'],
  },
  {
    name: 'the concurrency is a setting behind `--`',
    exec: '/srv/app/venv/bin/celery -A proj worker -l info -- worker.concurrency=3',
    refused: 'config_file',
  },
  {
    name: 'no number and `--`: the option stands before it',
    exec: '/srv/app/venv/bin/celery -A proj worker -l info -- broker.pool_limit=1',
    workers: 4,
    dropIn: [
      'ExecStart=',
      'ExecStart=/srv/app/venv/bin/celery -A proj worker -l info --concurrency=17 -- broker.pool_limit=1',
    ],
  },
];
