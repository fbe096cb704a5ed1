import type { Shape } from './shape.ts';

/** Programs of a project's own, of which "kind" in the config says what they run. */
export const KIND: Shape[] = [
  { name: 'a worker: -c', kind: 'celery', exec: '/srv/shop/bin/worker -l INFO -c «2» -Q a,b' },
  {
    name: 'a worker: --concurrency, behind words of its own',
    kind: 'celery',
    exec: '/srv/shop/bin/manage tasks --env live --concurrency=«3»',
  },
  {
    name: "a worker: the program's folder has no say",
    kind: 'celery',
    exec: '/usr/bin/shop-worker -c «2»',
  },
  {
    name: 'a worker run by Python: its options are not those of the worker',
    kind: 'celery',
    exec: '/srv/venv/bin/python3 -B -X dev /srv/shop/worker.py -c «2»',
  },
  {
    name: 'a worker run as a module',
    kind: 'celery',
    exec: '/srv/venv/bin/python3 -m shop.worker -c «2»',
  },
  {
    name: 'a worker in a script, run by a shell',
    kind: 'celery',
    exec: '/bin/bash /srv/shop/worker.sh -c «2»',
  },
  {
    name: 'a command of a Django project',
    kind: 'celery',
    exec: '/srv/venv/bin/python /srv/shop/manage.py run_worker -c «2»',
  },
  {
    name: 'a worker behind wrappers and programs of the system',
    kind: 'celery',
    exec: "/bin/sh -c 'mkdir -p /run/shop; exec nice -n 5 /srv/shop/bin/worker -c «2»'",
  },
  {
    name: 'a number in a variable',
    kind: 'celery',
    text: '[Service]\nEnvironment=N=«2»\nExecStart=/srv/shop/bin/worker -c $N\n',
  },
  {
    name: "a worker without a number: the program may not look at Celery's variables",
    kind: 'celery',
    text: '[Service]\nEnvironment=CELERY_WORKER_CONCURRENCY=9\nExecStart=/srv/shop/bin/worker -l INFO\n',
    workers: 4,
    dropIn: ['ExecStart=', 'ExecStart=/srv/shop/bin/worker -l INFO --concurrency=17'],
  },
  {
    name: 'a worker that sizes its pool itself',
    kind: 'celery',
    exec: '/srv/shop/bin/worker --autoscale=8,2',
    refused: 'autoscale',
  },
  { name: 'a server: --workers', kind: 'gunicorn', exec: '/usr/local/bin/serve --workers «3»' },
  { name: 'a server: -w', kind: 'gunicorn', exec: '/usr/local/bin/serve -w «3» -b :80' },
  {
    name: 'a server: GUNICORN_CMD_ARGS',
    kind: 'gunicorn',
    text: '[Service]\nEnvironment="GUNICORN_CMD_ARGS=-w «3»"\nExecStart=/usr/local/bin/serve\n',
  },
  {
    name: 'a server: WEB_CONCURRENCY',
    kind: 'gunicorn',
    text: '[Service]\nEnvironment=WEB_CONCURRENCY=«3»\nExecStart=/usr/local/bin/serve\n',
  },
  {
    name: 'a server without a number',
    kind: 'gunicorn',
    exec: '/usr/local/bin/serve -b :80',
    workers: 1,
    dropIn: ['Environment=WEB_CONCURRENCY=17'],
  },
  {
    name: 'what is seen anyway: Celery',
    kind: 'celery',
    exec: '/usr/bin/celery -A p worker -c «2»',
  },
  { name: 'what is seen anyway: Gunicorn', kind: 'gunicorn', exec: '/usr/bin/gunicorn -w «2» app' },
  {
    name: 'Gunicorn where the config says Celery',
    kind: 'celery',
    exec: '/usr/bin/gunicorn -w 2 app',
    refused: 'kind_differs',
    says: /web\.service:5.*"kind": "celery", but ExecStart runs gunicorn.*set it to "gunicorn"/,
  },
  {
    name: 'Celery where the config says Gunicorn',
    kind: 'gunicorn',
    exec: '/usr/bin/celery -A p worker -c 2',
    refused: 'kind_differs',
    says: /"kind": "gunicorn", but ExecStart runs celery/,
  },
  {
    name: 'beat is no worker, whatever the config says',
    kind: 'celery',
    exec: '/usr/bin/celery -A p beat',
    refused: 'beat_or_flower',
  },
  {
    name: 'uvicorn is no Gunicorn, whatever the config says',
    kind: 'gunicorn',
    exec: '/srv/venv/bin/uvicorn --workers 3 app:app',
    refused: 'uvicorn_only',
  },
  {
    name: 'a program in the words of an interpreter',
    kind: 'celery',
    exec: "/usr/bin/python3 -c 'import worker'",
    refused: 'opaque_script',
  },
  {
    name: 'two programs of which either may be it',
    kind: 'celery',
    exec: "/bin/sh -c '/srv/a -c 2; /srv/b -c 3'",
    refused: 'ambiguous',
    says: /more than one program/,
  },
  {
    name: 'a number that is none',
    kind: 'celery',
    exec: '/srv/shop/bin/worker -c many',
    refused: 'not_a_number',
  },
  {
    name: 'without "kind": which advice helps',
    exec: '/srv/shop/bin/worker -c 2',
    refused: 'opaque_script',
    says: /set "kind": "gunicorn" or "celery"/,
  },
  {
    name: 'without "kind", a program of the system: which advice helps',
    exec: '/usr/bin/shop-worker -c 2',
    refused: 'not_gunicorn_or_celery',
    says: /set "kind": "gunicorn" or "celery"/,
  },
];
