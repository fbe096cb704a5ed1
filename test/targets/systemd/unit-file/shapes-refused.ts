import { shapeTable } from './shape.ts';
import type { Shape } from './shape.ts';

/** What cannot be changed safely. */
export const REFUSED: Shape[] = [
  ...shapeTable(
    `
  arithmetic | /bin/sh -c 'exec gunicorn -w $((2 * 2 + 1)) app'
  an empty count | /usr/bin/gunicorn -w "" app
  a flag without its value | /usr/bin/gunicorn app -w
  a negative count | /usr/bin/gunicorn -w -3 app
  a variable set under a condition | /bin/sh -c '[ -e /x ] && W=3; exec gunicorn -w $W app'
  -c=4 is not what Celery understands | /usr/bin/celery -A p worker -c=4
  `,
    'not_a_number',
  ),
  ...shapeTable(
    `
  -P solo | /usr/bin/celery -A p worker -P solo
  --pool=solo | /usr/bin/celery -A p worker --pool=solo -c 4
  `,
    'solo_pool',
  ),
  ...shapeTable(
    `
  celery beat | /usr/bin/celery -A p beat
  beat by a command of a project | /srv/venv/bin/nautobot-server celery beat
  celery flower | /usr/bin/celery -A p flower --port=5555
  flower by itself | /srv/venv/bin/flower -A p
  `,
    'beat_or_flower',
  ),
  ...shapeTable(
    `
  celery inspect | /usr/bin/celery -A p inspect active
  `,
    'not_gunicorn_or_celery',
  ),
  ...shapeTable(
    `
  hypercorn | /srv/venv/bin/python -m hypercorn -w 3 app:app
  daphne | /srv/venv/bin/daphne app:app
  `,
    'uvicorn_only',
  ),
  ...shapeTable(
    `
  a script for a shell | /bin/bash /srv/start
  a program of the own | /opt/app/bin/run --workers 3
  an unknown program that is given gunicorn | /usr/bin/docker run img gunicorn -w 3 app
  a script with a loop | /bin/sh -c 'for i in 1 2; do gunicorn -w 3 app & done; wait'
  honcho start, which reads a Procfile | /srv/venv/bin/honcho start gunicorn
  secrets without a command | /usr/bin/chamber exec gunicorn
  a wrapper that is not known | /opt/bin/supervise-me gunicorn -w 3 app
  systemd-run without --scope, which runs it elsewhere | /usr/bin/systemd-run -u x gunicorn -w 3 app
  a script with eval | /bin/sh -c 'eval "gunicorn -w 3"'
  Python code | /usr/bin/python3 -c "import gunicorn; run()" -w 3
  a name that begins alike | /usr/bin/gunicorn-exporter -w 3
  `,
    'opaque_script',
  ),
  ...shapeTable(
    `
  Gunicorn and a worker in one script | /bin/sh -c 'celery -A p worker -c 2 & exec gunicorn -w 3 app'
  `,
    'ambiguous',
  ),
  {
    name: '--workers auto',
    exec: '/usr/bin/gunicorn --workers auto app',
    refused: 'not_a_number',
    says: /web\.service:5: .*found "auto".*--workers 3/,
  },
  {
    name: '--workers $(nproc)',
    exec: "/bin/sh -c 'exec gunicorn --workers $(nproc) app'",
    refused: 'not_a_number',
    says: /found "\$\(nproc\)"/,
  },
  {
    name: '--workers %i: the instance names the count',
    unit: 'web@3.service',
    path: '/etc/systemd/system/web@.service',
    exec: '/usr/bin/gunicorn --workers %i app',
    refused: 'not_a_number',
    says: /found "%i"/,
  },
  {
    name: 'a count that is put together',
    text: '[Service]\nEnvironment=A=1\nExecStart=/usr/bin/gunicorn -w 1${A} app\n',
    refused: 'not_a_number',
  },
  {
    name: 'a variable that is not set',
    exec: '/usr/bin/gunicorn -w ${WORKERS} app',
    refused: 'not_a_number',
  },
  {
    name: 'a beginning of several options',
    exec: '/usr/bin/gunicorn --worker 3 app',
    refused: 'ambiguous',
    says: /"--worker".*in full/,
  },
  {
    name: 'unknown words behind the number',
    exec: "/bin/bash -c 'exec gunicorn -w 3 $(cat opts) app'",
    refused: 'not_a_number',
    says: /as the last option/,
  },
  {
    name: '--autoscale',
    exec: '/usr/bin/celery -A p worker -c 4 --autoscale=10,3',
    refused: 'autoscale',
    says: /--concurrency=N/,
  },
  {
    name: 'CELERY_WORKER_POOL=solo',
    text: '[Service]\nEnvironment=CELERY_WORKER_POOL=solo\nExecStart=/usr/bin/celery -A p worker -c 4\n',
    refused: 'solo_pool',
  },
  {
    name: 'multi: the concurrency of one node',
    exec: '/usr/bin/celery multi start w1 w2 -c 3 -c:w1 5',
    refused: 'ambiguous',
    says: /-c:w1/,
  },
  {
    name: 'multi: several nodes',
    exec: '/usr/bin/celery multi start 3 --concurrency=5',
    refused: 'ambiguous',
    says: /several nodes/,
  },
  {
    name: 'multi: a value that multi takes for a node',
    exec: '/usr/bin/celery multi start w1 --concurrency 5',
    refused: 'ambiguous',
    says: /--concurrency=N/,
  },
  {
    name: 'uvicorn without Gunicorn',
    exec: '/srv/venv/bin/uvicorn --workers 3 app:app',
    refused: 'uvicorn_only',
    says: /UvicornWorker/,
  },
  { name: 'a script', exec: '/srv/start.sh', refused: 'opaque_script', says: /\/srv\/start\.sh/ },
  {
    name: 'another server',
    exec: "/usr/sbin/nginx -g 'daemon off;'",
    refused: 'not_gunicorn_or_celery',
    says: /nginx/,
  },
  {
    name: 'no ExecStart',
    text: '[Service]\nExecStop=/usr/bin/gunicorn -w 3\n',
    refused: 'not_gunicorn_or_celery',
  },
  {
    name: 'two Gunicorns',
    text: '[Service]\nType=oneshot\nExecStart=/usr/bin/gunicorn -w 2 a\nExecStart=/usr/bin/gunicorn -w 3 b\n',
    refused: 'ambiguous',
    says: /web\.service:4.*web\.service:3/,
  },
  {
    name: 'a quote that is never closed',
    exec: '/usr/bin/gunicorn -w 3 "app',
    refused: 'unreadable',
    says: /web\.service:5.*quote/,
  },
  { name: 'a masked unit', text: '', refused: 'masked', says: /unmask/ },
  { name: 'a masked unit, as systemd may name it', path: '/dev/null', text: '', refused: 'masked' },
  {
    name: 'a transient unit',
    path: '/run/systemd/transient/web.service',
    exec: '/usr/bin/gunicorn -w 3 app',
    refused: 'transient',
  },
  {
    name: "a package's drop-in with a name after which we have none",
    path: '/usr/lib/systemd/system/web.service',
    exec: '/usr/bin/gunicorn app',
    dropIns: {
      '/usr/lib/systemd/system/web.service.d/~size.conf':
        '[Service]\nExecStart=\nExecStart=/usr/bin/gunicorn -w 6 app\n',
    },
    refused: 'overridden_later',
    says: /~size\.conf/,
  },
];
