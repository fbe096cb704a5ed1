import type { Shape } from './shape.ts';

/** Refused: the count stands, or may stand, in a file that is not edited. */
export const HIDDEN: Shape[] = [
  {
    name: 'a count in the config file',
    exec: '/usr/bin/gunicorn -c /srv/g.py app',
    files: { '/srv/g.py': 'import os\nworkers = os.cpu_count() * 2 + 1\n' },
    refused: 'config_file',
    says: /web\.service:5: .*\/srv\/g\.py, line 2.*--workers N/,
  },
  {
    name: 'a count in the default config file',
    exec: '/usr/bin/gunicorn app',
    cwd: '/srv/app',
    files: { '/srv/app/gunicorn.conf.py': 'bind = "x"\nworkers = 4\n' },
    refused: 'config_file',
    says: /\/srv\/app\/gunicorn\.conf\.py, line 2/,
  },
  {
    name: 'the default config file after cd',
    exec: "/bin/sh -c 'cd /srv/app && exec gunicorn app'",
    files: { '/srv/app/gunicorn.conf.py': 'workers = 4\n' },
    refused: 'config_file',
  },
  {
    name: 'a config file named in GUNICORN_CMD_ARGS',
    text: '[Service]\nEnvironment="GUNICORN_CMD_ARGS=--config=g.py"\nExecStart=/usr/bin/gunicorn app\n',
    cwd: '/srv',
    files: { '/srv/g.py': 'workers=4' },
    refused: 'config_file',
  },
  {
    name: 'a config file that may set anything',
    exec: '/usr/bin/gunicorn -c /g.py app',
    files: { '/g.py': 'from base import *\n' },
    refused: 'config_file',
  },
  {
    name: 'a config file that sets names from the environment',
    exec: '/usr/bin/gunicorn -c /g.py app',
    files: { '/g.py': 'for k, v in os.environ.items():\n  locals()[k] = v\n' },
    refused: 'config_file',
  },
  {
    name: 'a Python module as config',
    exec: '/usr/bin/gunicorn -c python:conf.prod app',
    refused: 'config_file',
    says: /conf\.prod/,
  },
  {
    name: 'a config file that cannot be read',
    exec: '/usr/bin/gunicorn -c /srv/none.py app',
    refused: 'unreadable',
    says: /\/srv\/none\.py cannot be read/,
  },
  {
    name: 'no number, and the folder is not known',
    exec: '/bin/su - www -c "gunicorn app"',
    refused: 'unreadable',
    says: /folder is not known/,
  },
  {
    name: 'no number, and an environment file cannot be read',
    exec: '/usr/bin/gunicorn app',
    envFiles: { '/etc/secret.env': null },
    refused: 'unreadable',
    says: /\/etc\/secret\.env cannot be read/,
  },
  {
    name: 'no number, and a wrapper that brings variables',
    exec: '/srv/venv/bin/dotenv run -- gunicorn app',
    refused: 'unreadable',
    says: /dotenv sets further variables/,
  },
  {
    name: 'no number, and an eval',
    exec: `/bin/bash -c 'eval "$(direnv export bash)"; exec gunicorn app'`,
    refused: 'unreadable',
    says: /uses eval/,
  },
  {
    name: 'a script reads variables from a file',
    exec: "/bin/sh -c '. /srv/.env; exec gunicorn -w $W app'",
    refused: 'not_a_number',
    says: /found "\$W"/,
  },
  {
    name: 'no number, and a script reads variables from a file',
    exec: "/bin/sh -c 'set -a; source /srv/.env; exec gunicorn app'",
    refused: 'unreadable',
    says: /\/srv\/\.env/,
  },
];
