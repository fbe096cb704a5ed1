import type { Shape } from './shape.ts';

/** Files and their order, variables, continuation lines, line ends: where the number that counts stands. */
export const MERGE: Shape[] = [
  {
    name: 'ExecStartPre, ExecReload and comments are decoys',
    text: '[Service]\n# ExecStart=/usr/bin/gunicorn -w 9 app\n; ExecStart=/usr/bin/gunicorn -w 8 app\nExecStartPre=/usr/bin/gunicorn -w 7 --check-config app\nExecStart=/usr/bin/gunicorn -w «3» app\nExecReload=/bin/kill -w 6\n',
  },
  {
    name: 'another section does not count',
    text: '[Unit]\nExecStart=/usr/bin/gunicorn -w 9 app\n[Service]\nExecStart=/usr/bin/gunicorn -w «3» app\n[Install]\nExecStart=/usr/bin/gunicorn -w 8 app\n',
  },
  {
    name: 'an empty ExecStart= drops what was before',
    text: '[Service]\nExecStart=/usr/bin/gunicorn -w 9 app\nExecStart=\nExecStart=/usr/bin/gunicorn -w «3» app\n',
  },
  {
    name: 'continuation lines with a comment between them',
    text: '[Service]\nExecStart=/usr/bin/gunicorn \\\n  --bind 0:80 \\\n# --workers 9 \\\n; -w 8\n  --workers \\\n  «3» \\\n  app\nRestart=always\n',
  },
  {
    name: 'a continuation before the equals sign',
    text: '[Service]\nExecStart \\\n = /usr/bin/gunicorn -w «3» app\n',
  },
  {
    name: 'two backslashes continue nothing',
    text: '[Service]\nExecStart=/usr/bin/gunicorn -w «3» a\\\\\n-w 9\n',
  },
  {
    name: 'CRLF',
    text: '[Service]\r\nExecStart=/usr/bin/gunicorn \\\r\n -w «3» app\r\nRestart=no\r\n',
  },
  { name: 'no line end at the end', text: '[Service]\nExecStart=/usr/bin/gunicorn app -w «3»' },
  { name: 'a byte order mark', text: '\uFEFF[Service]\nExecStart=/usr/bin/gunicorn -w «3» app\n' },
  {
    name: 'blanks around everything',
    text: '[Service]\n\t ExecStart\t = /usr/bin/gunicorn  -w  «3»  app \n',
  },
  {
    name: 'a drop-in of the user decides',
    exec: '/usr/bin/gunicorn -w 3 app',
    dropIns: {
      '/etc/systemd/system/web.service.d/override.conf':
        '[Service]\nExecStart=\nExecStart=/usr/bin/gunicorn -w «5» app\n',
    },
  },
  {
    name: 'the later drop-in decides',
    exec: '/usr/bin/gunicorn app',
    dropIns: {
      '/etc/systemd/system/web.service.d/10.conf': '[Service]\nEnvironment=WEB_CONCURRENCY=2\n',
      '/etc/systemd/system/web.service.d/20.conf':
        '[Service]\nEnvironment="X=1" "WEB_CONCURRENCY=«5»"\n',
    },
  },
  {
    name: 'an empty Environment= drops what was before',
    text: '[Service]\nEnvironment=WEB_CONCURRENCY=9 X=1\nEnvironment=\nEnvironment=A=1 WEB_CONCURRENCY=«3»\nExecStart=/usr/bin/gunicorn app\n',
    what: 'WEB_CONCURRENCY in Environment',
  },
  {
    name: 'the command line beats GUNICORN_CMD_ARGS',
    text: '[Service]\nEnvironment="GUNICORN_CMD_ARGS=--workers 9"\nExecStart=/usr/bin/gunicorn -w «3» app\n',
  },
  {
    name: 'GUNICORN_CMD_ARGS beats config file and WEB_CONCURRENCY',
    text: '[Service]\nEnvironment="GUNICORN_CMD_ARGS=--bind 0:80 -w «3»" WEB_CONCURRENCY=8\nExecStart=/usr/bin/gunicorn -c /g.py app\n',
    files: { '/g.py': 'workers = 9' },
    what: 'GUNICORN_CMD_ARGS in Environment',
  },
  {
    name: 'quotes within GUNICORN_CMD_ARGS',
    text: `[Service]\nEnvironment="GUNICORN_CMD_ARGS=--name 'my -w 9' --workers='«3»'"\nExecStart=/usr/bin/gunicorn app\n`,
  },
  {
    name: 'an environment file beats Environment=',
    text: '[Service]\nEnvironment=WORKERS=9\nExecStart=/usr/bin/gunicorn -w ${WORKERS} app\n',
    envFiles: { '/srv/web.env': 'WORKERS = «3»\n' },
    what: 'WORKERS in /srv/web.env',
  },
  {
    name: 'the later environment file wins',
    exec: '/usr/bin/gunicorn -w $WORKERS app',
    envFiles: { '/a.env': 'WORKERS=9\n', '/b.env': "WORKERS='«3»'\n" },
  },
  {
    name: 'an environment file has a syntax of its own',
    exec: '/usr/bin/gunicorn app',
    envFiles: {
      '/a.env':
        '#WEB_CONCURRENCY=9\n;WEB_CONCURRENCY=8\nexport WEB_CONCURRENCY=7\n  WEB_CONCURRENCY="«3»" \nX="a\nWEB_CONCURRENCY=6\n"\n',
    },
  },
  {
    name: 'UnsetEnvironment takes the variable away',
    text: '[Service]\nEnvironment=WEB_CONCURRENCY=9\nUnsetEnvironment=WEB_CONCURRENCY\nExecStart=/usr/bin/gunicorn app\n',
    workers: 1,
    dropIn: ['ExecStart=', 'ExecStart=/usr/bin/gunicorn app --workers=17'],
  },
  { name: 'a missing variable is empty', exec: '/usr/bin/gunicorn $OPTS -w «3» ${NONE} app' },
  {
    name: 'prefix : leaves variables alone, the shell expands them',
    text: "[Service]\nEnvironment=W=«3»\nExecStart=:/bin/sh -c 'exec gunicorn -w ${W} app'\n",
    what: 'W in Environment',
  },
  {
    name: '$$ is a dollar for the shell',
    text: "[Service]\nEnvironment=W=«3»\nExecStart=/bin/sh -c 'exec gunicorn -w $$W app'\n",
  },
  {
    name: 'a default that is not needed',
    text: "[Service]\nEnvironment=W=«3»\nExecStart=/bin/sh -c 'exec gunicorn -w ${W:-9} app'\n",
  },
  {
    name: 'a variable with several options',
    text: '[Service]\nEnvironment="OPTS=-b 0:80 -w «3»"\nExecStart=/usr/bin/gunicorn $OPTS app\n',
    what: 'OPTS in Environment',
  },
];
