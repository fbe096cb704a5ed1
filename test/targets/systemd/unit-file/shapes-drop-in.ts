import type { Shape } from './shape.ts';

/** Whose file it is, and what our drop-in does where it is not the unit's own or there is no number. */
export const DROP_IN: Shape[] = [
  {
    name: 'no number: WEB_CONCURRENCY in a drop-in',
    exec: '/usr/bin/gunicorn app',
    workers: 1,
    dropIn: ['Environment=WEB_CONCURRENCY=17'],
    why: /sets no number/,
  },
  {
    name: 'no number, and a config file that sets none',
    exec: '/usr/bin/gunicorn -c g.py app',
    cwd: '/srv',
    files: {
      '/srv/g.py':
        '# workers = 9\nbind = "0:80"  # workers\nworker_class = "workers"\n"""\nworkers = 8\n"""\n',
    },
    workers: 1,
    dropIn: ['Environment=WEB_CONCURRENCY=17'],
  },
  {
    name: 'the config file lies in the working directory, whatever --chdir says',
    exec: '/usr/bin/gunicorn --chdir /other app',
    cwd: '/srv',
    files: { '/other/gunicorn.conf.py': 'workers = 9' },
    workers: 1,
    dropIn: ['Environment=WEB_CONCURRENCY=17'],
  },
  {
    name: 'no number where the environment does not arrive: an option',
    exec: '/usr/bin/sudo -u www /usr/bin/gunicorn app',
    workers: 1,
    dropIn: ['ExecStart=', 'ExecStart=/usr/bin/sudo -u www /usr/bin/gunicorn app --workers=17'],
  },
  {
    name: 'an environment that does not arrive does not count',
    text: '[Service]\nEnvironment=WEB_CONCURRENCY=9\nExecStart=/usr/bin/env -i /usr/bin/gunicorn app\n',
    workers: 1,
    dropIn: ['ExecStart=', 'ExecStart=/usr/bin/env -i /usr/bin/gunicorn app --workers=17'],
  },
  {
    name: "a package's unit: its command with the number replaced",
    text: '[Service]\nExecStart=/usr/bin/gunicorn \\\n# two\n  -w 2 app\n',
    path: '/lib/systemd/system/web.service',
    workers: 2,
    dropIn: ['ExecStart=', 'ExecStart=/usr/bin/gunicorn \\\n# two\n  -w 17 app'],
    why: /belongs to a package/,
  },
  {
    name: "a package's unit with several commands keeps them all",
    text: '[Service]\nType=oneshot\nExecStart=/bin/echo -w 9\nExecStart=-/usr/bin/gunicorn -w 2 app\nExecStart=/bin/true\n',
    path: '/usr/lib/systemd/system/web.service',
    workers: 2,
    dropIn: [
      'ExecStart=',
      'ExecStart=/bin/echo -w 9',
      'ExecStart=-/usr/bin/gunicorn -w 17 app',
      'ExecStart=/bin/true',
    ],
  },
  {
    name: "a package's Environment: the same variable again",
    text: '[Service]\nEnvironment=X=1 "GUNICORN_CMD_ARGS=--bind 0:80 --workers 2"\nExecStart=/usr/bin/gunicorn app\n',
    path: '/usr/lib/systemd/system/web.service',
    workers: 2,
    dropIn: ['Environment="GUNICORN_CMD_ARGS=--bind 0:80 --workers 17"'],
  },
  {
    name: "a generator's unit",
    exec: '/usr/bin/gunicorn -w 2 app',
    path: '/run/systemd/generator.late/web.service',
    workers: 2,
    dropIn: ['ExecStart=', 'ExecStart=/usr/bin/gunicorn -w 17 app'],
    why: /generated/,
  },
  {
    name: 'under /usr/local/lib it is the own unit',
    exec: '/usr/bin/gunicorn -w «2» app',
    path: '/usr/local/lib/systemd/system/web.service',
  },
  {
    name: 'under /run it is the own unit',
    exec: '/usr/bin/gunicorn -w «2» app',
    path: '/run/systemd/system/web.service',
  },
  {
    name: "a template's instance: a drop-in of its own",
    unit: 'web@shop.service',
    path: '/etc/systemd/system/web@.service',
    exec: '/usr/bin/gunicorn -w 2 --name %i app',
    workers: 2,
    dropIn: ['ExecStart=', 'ExecStart=/usr/bin/gunicorn -w 17 --name %i app'],
    why: /all instances/,
  },
  {
    name: "the template's drop-in is shared as well",
    unit: 'web@shop.service',
    path: '/etc/systemd/system/web@.service',
    exec: '/usr/bin/gunicorn app',
    dropIns: {
      '/etc/systemd/system/web@.service.d/10-w.conf': '[Service]\nEnvironment=WEB_CONCURRENCY=2\n',
    },
    workers: 2,
    dropIn: ['Environment=WEB_CONCURRENCY=17'],
    why: /not for this unit alone/,
  },
  {
    name: "the instance's own drop-in",
    unit: 'web@shop.service',
    path: '/etc/systemd/system/web@.service',
    exec: '/usr/bin/gunicorn app',
    dropIns: {
      '/etc/systemd/system/web@shop.service.d/w.conf':
        '[Service]\nEnvironment=WEB_CONCURRENCY=«2»\n',
    },
  },
  {
    name: "the instance's own unit file",
    unit: 'web@shop.service',
    exec: '/usr/bin/gunicorn -w «2» app',
  },
  {
    name: 'an environment file named after the instance',
    unit: 'web@shop.service',
    path: '/etc/systemd/system/web@.service',
    exec: '/usr/bin/gunicorn -w ${W} app',
    envFiles: { '/etc/web/shop.env': 'W=«2»' },
  },
  {
    name: 'an environment file that all instances read',
    unit: 'web@shop.service',
    path: '/etc/systemd/system/web@.service',
    exec: '/usr/bin/gunicorn -w ${W} app',
    envFiles: { '/etc/web/all.env': 'W=2' },
    workers: 2,
    dropIn: ['EnvironmentFile=-/etc/systemd/system/web@shop.service.d/50-autoscaler.env'],
    environment: 'W=17',
    why: /other instances/,
  },
  {
    name: 'an environment file that other units use',
    exec: '/usr/bin/gunicorn app',
    envFiles: { '/etc/env': 'WEB_CONCURRENCY=2' },
    shared: ['/etc/env'],
    workers: 2,
    dropIn: ['EnvironmentFile=-/etc/systemd/system/web.service.d/50-autoscaler.env'],
    environment: 'WEB_CONCURRENCY=17',
    why: /other units/,
  },
  {
    name: "the whole system's environment file",
    exec: '/usr/bin/gunicorn app',
    envFiles: { '/etc/environment': 'LANG=C\nWEB_CONCURRENCY=2\n' },
    workers: 2,
    dropIn: ['EnvironmentFile=-/etc/systemd/system/web.service.d/50-autoscaler.env'],
    environment: 'WEB_CONCURRENCY=17',
    why: /whole system/,
  },
  {
    name: 'env -u takes the variable away',
    text: '[Service]\nEnvironment=WEB_CONCURRENCY=9\nExecStart=/usr/bin/env -u WEB_CONCURRENCY /usr/bin/gunicorn app\n',
    workers: 1,
    dropIn: [
      'ExecStart=',
      'ExecStart=/usr/bin/env -u WEB_CONCURRENCY /usr/bin/gunicorn app --workers=17',
    ],
  },
  {
    name: 'a drop-in folder for many units',
    exec: '/usr/bin/gunicorn app',
    dropIns: {
      '/etc/systemd/system/service.d/10.conf': '[Service]\nEnvironment=WEB_CONCURRENCY=2\n',
    },
    workers: 2,
    dropIn: ['Environment=WEB_CONCURRENCY=17'],
    why: /not for this unit alone/,
  },
  {
    name: 'a shared drop-in that sorts after ours: ours gets a name that comes last',
    exec: '/usr/bin/gunicorn app',
    dropIns: {
      '/etc/systemd/system/service.d/90.conf': '[Service]\nEnvironment=WEB_CONCURRENCY=2\n',
    },
    workers: 2,
    dropIn: ['Environment=WEB_CONCURRENCY=17'],
    at: '/etc/systemd/system/web.service.d/zz-autoscaler.conf',
  },
  {
    name: 'the number also stands for the threads',
    text: '[Service]\nEnvironment=N=2\nExecStart=/usr/bin/gunicorn -w ${N} --threads ${N} app\n',
    workers: 2,
    dropIn: ['ExecStart=', 'ExecStart=/usr/bin/gunicorn -w ${N} --threads ${N} app --workers=17'],
    why: /something else/,
  },
  {
    name: 'our drop-in is there: it is written again',
    exec: '/usr/bin/gunicorn app',
    dropIns: {
      '/etc/systemd/system/web.service.d/50-autoscaler.conf':
        '[Service]\nEnvironment=WEB_CONCURRENCY=5\n',
    },
    workers: 5,
    dropIn: ['Environment=WEB_CONCURRENCY=17'],
  },
  {
    name: 'our drop-in follows a later edit of the unit',
    path: '/usr/lib/systemd/system/web.service',
    exec: '/usr/bin/gunicorn -w 2 --timeout 90 app',
    dropIns: {
      '/etc/systemd/system/web.service.d/50-autoscaler.conf':
        '[Service]\nExecStart=\nExecStart=/usr/bin/gunicorn -w 5 app\n',
    },
    workers: 5,
    dropIn: ['ExecStart=', 'ExecStart=/usr/bin/gunicorn -w 17 --timeout 90 app'],
    stale: true,
  },
  {
    name: 'our drop-in is there, but the command line has a number now',
    exec: '/usr/bin/gunicorn -w «3» app',
    dropIns: {
      '/etc/systemd/system/web.service.d/50-autoscaler.conf':
        '[Service]\nEnvironment=WEB_CONCURRENCY=5\n',
    },
  },
  {
    name: "a drop-in of the user's after ours",
    exec: '/usr/bin/gunicorn app',
    dropIns: {
      '/etc/systemd/system/web.service.d/50-autoscaler.conf':
        '[Service]\nEnvironment=WEB_CONCURRENCY=5\n',
      '/etc/systemd/system/web.service.d/90.conf': '[Service]\nEnvironment=WEB_CONCURRENCY=«6»\n',
    },
  },
  {
    name: 'a drop-in of the administrator with a name of many z',
    unit: 'web@shop.service',
    path: '/etc/systemd/system/web@.service',
    exec: '/usr/bin/gunicorn app',
    dropIns: {
      '/etc/systemd/system/web@.service.d/zzz-site.conf':
        '[Service]\nExecStart=\nExecStart=/usr/bin/gunicorn -w 6 -b :80 app\n',
    },
    workers: 6,
    dropIn: ['ExecStart=', 'ExecStart=/usr/bin/gunicorn -w 17 -b :80 app'],
    at: '/etc/systemd/system/web@shop.service.d/zzzz-autoscaler.conf',
  },
  {
    name: 'a drop-in that came to sort after ours: ours is moved behind it',
    exec: '/usr/bin/gunicorn app',
    dropIns: {
      '/etc/systemd/system/web.service.d/50-autoscaler.conf':
        '[Service]\nEnvironment=WEB_CONCURRENCY=5\n',
      '/usr/lib/systemd/system/web.service.d/zz-size.conf':
        '[Service]\nEnvironment=WEB_CONCURRENCY=6\n',
    },
    workers: 6,
    dropIn: ['Environment=WEB_CONCURRENCY=17'],
    at: '/etc/systemd/system/web.service.d/zzz-autoscaler.conf',
    replaces: ['/etc/systemd/system/web.service.d/50-autoscaler.conf'],
  },
  {
    name: 'ours with a name that comes last is found again, whatever is there',
    exec: '/usr/bin/gunicorn app',
    dropIns: {
      '/etc/systemd/system/web.service.d/zzz-autoscaler.conf':
        '[Service]\nEnvironment=WEB_CONCURRENCY=5\n',
    },
    workers: 5,
    dropIn: ['Environment=WEB_CONCURRENCY=17'],
    at: '/etc/systemd/system/web.service.d/zzz-autoscaler.conf',
  },
  {
    name: 'a file of the same name in the folder of all instances is not ours',
    unit: 'web@shop.service',
    path: '/etc/systemd/system/web@.service',
    exec: '/usr/bin/gunicorn app',
    dropIns: {
      '/etc/systemd/system/web@.service.d/zz-autoscaler.conf':
        '[Service]\nEnvironment=WEB_CONCURRENCY=5\n',
    },
    workers: 5,
    dropIn: ['Environment=WEB_CONCURRENCY=17'],
    at: '/etc/systemd/system/web@shop.service.d/zzz-autoscaler.conf',
  },
  {
    name: '"edit": "drop-in": an own unit is left alone',
    exec: '/usr/bin/gunicorn -w 2 app',
    edit: 'drop-in',
    workers: 2,
    dropIn: ['ExecStart=', 'ExecStart=/usr/bin/gunicorn -w 17 app'],
    why: /"edit": "drop-in"/,
  },
  {
    name: '"edit": "drop-in": an own drop-in and an environment file are, too',
    exec: '/usr/bin/gunicorn -w ${N} app',
    edit: 'drop-in',
    envFiles: { '/etc/default/web': 'A=b\nN=2\n' },
    workers: 2,
    dropIn: ['EnvironmentFile=-/etc/systemd/system/web.service.d/50-autoscaler.env'],
    environment: 'N=17',
  },
  {
    name: '"edit": "drop-in": ours comes after a drop-in of the unit',
    exec: '/usr/bin/gunicorn app',
    edit: 'drop-in',
    dropIns: {
      '/etc/systemd/system/web.service.d/override.conf':
        '[Service]\nEnvironment="WEB_CONCURRENCY=2"\n',
    },
    workers: 2,
    dropIn: ['Environment=WEB_CONCURRENCY=17'],
    at: '/etc/systemd/system/web.service.d/zz-autoscaler.conf',
  },
  {
    name: 'what ours repeats is what the unit says: an older version named no checksum',
    path: '/usr/lib/systemd/system/web.service',
    exec: '/usr/bin/gunicorn -w 2 --timeout 90 app',
    dropIns: {
      '/etc/systemd/system/web.service.d/50-autoscaler.conf':
        '# Written by autoscaler: the number of workers of web.service.\n[Service]\nExecStart=\nExecStart=/usr/bin/gunicorn -w 5 --timeout 90 app\nNice=5\n',
    },
    workers: 5,
    dropIn: ['ExecStart=', 'ExecStart=/usr/bin/gunicorn -w 17 --timeout 90 app'],
  },
  {
    name: 'ours repeats a command, and a variable does by now: it is renewed',
    exec: '/usr/bin/gunicorn -t 9 app',
    dropIns: {
      '/etc/systemd/system/web.service.d/50-autoscaler.conf':
        '[Service]\nExecStart=\nExecStart=/usr/bin/gunicorn app --workers=5\n',
    },
    workers: 5,
    dropIn: ['Environment=WEB_CONCURRENCY=17'],
    stale: true,
  },
  {
    name: 'ours repeats a command, and the unit below has become a template of several commands',
    text: '[Service]\nType=oneshot\nExecStart=/bin/true\nExecStart=/usr/bin/gunicorn -D -w 3 app\n',
    path: '/usr/lib/systemd/system/web.service',
    dropIns: {
      '/etc/systemd/system/web.service.d/50-autoscaler.conf':
        '[Service]\nExecStart=\nExecStart=/usr/bin/gunicorn -D -w 5 app\n',
    },
    workers: 5,
    dropIn: ['ExecStart=', 'ExecStart=/bin/true', 'ExecStart=/usr/bin/gunicorn -D -w 17 app'],
    stale: true,
  },
  {
    name: 'an own drop-in of the administrator before ours, with a command: ours follows it',
    exec: '/usr/bin/gunicorn -w 2 app',
    path: '/usr/lib/systemd/system/web.service',
    dropIns: {
      '/etc/systemd/system/web.service.d/40-site.conf':
        '[Service]\nExecStart=\nExecStart=/usr/bin/gunicorn -w 3 --preload app\n',
      '/etc/systemd/system/web.service.d/50-autoscaler.conf':
        '[Service]\nExecStart=\nExecStart=/usr/bin/gunicorn -w 5 app\n',
    },
    workers: 5,
    dropIn: ['ExecStart=', 'ExecStart=/usr/bin/gunicorn -w 17 --preload app'],
    stale: true,
  },
  {
    name: 'the unit below runs something else by now',
    exec: '/usr/bin/node server.js',
    path: '/usr/lib/systemd/system/web.service',
    dropIns: {
      '/etc/systemd/system/web.service.d/50-autoscaler.conf':
        '[Service]\nExecStart=\nExecStart=/usr/bin/gunicorn -w 5 app\n',
    },
    refused: 'not_gunicorn_or_celery',
    says: /found ".*node server\.js".*50-autoscaler\.conf still repeats the previous command.*rollback/,
  },
];
