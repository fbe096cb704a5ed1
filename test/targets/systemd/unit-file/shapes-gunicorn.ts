import { shapeTable } from './shape.ts';
import type { Shape } from './shape.ts';

/** How Gunicorn is given its number on the command line. */
export const GUNICORN: Shape[] = [
  ...shapeTable(`
  --workers N | /srv/app/venv/bin/gunicorn --workers «3» app:app
  --workers=N | /srv/app/venv/bin/gunicorn --workers=«3» app:app
  -w N | /srv/app/venv/bin/gunicorn -w «3» app:app
  -wN | /srv/app/venv/bin/gunicorn -w«3» app:app
  -w=N | /srv/app/venv/bin/gunicorn -w=«3» app:app
  bundled with a flag: -Rw3 | /srv/app/venv/bin/gunicorn -Rw«3» app:app
  bundled, value apart: -DRw 3 | /srv/app/venv/bin/gunicorn -DRw «3» app:app
  behind the app | /srv/app/venv/bin/gunicorn app:app -w «3»
  the last flag wins | /srv/app/venv/bin/gunicorn -w 2 app:app --workers=«5»
  leading zeros are the number too | /srv/app/venv/bin/gunicorn -w «03» app:app
  none at all: 0 workers | /srv/app/venv/bin/gunicorn -w «0» app:app
  quoted value | /srv/app/venv/bin/gunicorn --workers "«3»" app:app
  quoted word | /srv/app/venv/bin/gunicorn "--workers=«3»" 'app:app'
  a quote in the middle of the word | /srv/app/venv/bin/gunicorn --workers='«3»' app:app
  a blank between flag and value in one word | /srv/app/venv/bin/gunicorn "-w «3»" app:app
  -c is the config file, not the count | /srv/app/venv/bin/gunicorn -c 4 -w «3» app:app
  options that begin alike are no count | /srv/app/venv/bin/gunicorn --worker-class gthread --worker-connections 100 --max-requests 500 --max-requests-jitter 50 --threads 8 --worker-tmp-dir /9 -w «3» app
  a value that looks like a flag: a name | /srv/app/venv/bin/gunicorn -w «3» --name "--workers 9" app
  a value that looks like a flag: an environment | /srv/app/venv/bin/gunicorn -w «3» -e FOO=-w5 -e BAR=--workers=6 app
  uvicorn workers under Gunicorn | /srv/app/venv/bin/gunicorn -k uvicorn.workers.UvicornWorker -w «4» app:app
  UTF-8 before the number | /srv/app/venv/bin/gunicorn --name "große Äpfel 🍏" -w «3» app
  all prefixes: -@ with its own name | -@/srv/app/venv/bin/gunicorn web-master -w «3» app
  prefixes + and !! | +/srv/app/venv/bin/gunicorn -w «3» app
  prefix !! | !!/srv/app/venv/bin/gunicorn -w «3» app
  specifiers stay | /srv/app/venv/bin/gunicorn --name %n -b unix:/run/%p/%i.sock -w «3» 100%% app
  python -m gunicorn | /usr/bin/python3 -u -m gunicorn -w «3» app
  python -W ignore -um gunicorn | /usr/bin/python3.11 -W ignore -um gunicorn -w«3» app
  python with the script | /srv/venv/bin/python /srv/venv/bin/gunicorn -w «3» app
  poetry run | /usr/bin/poetry run gunicorn -w «3» app
  pipenv run | /usr/bin/pipenv run gunicorn -w «3» app
  uv run with options | /root/.local/bin/uv run --no-sync --project /srv --with x gunicorn -w «3» app
  uv run -w, the short form of --with | /usr/bin/uv run -w httpx --no-sync gunicorn -w «3» app
  uv run --with, a flag, and the number behind | /usr/bin/uv run --with httpx --no-sync gunicorn -w «3» app
  uv run -m | /usr/bin/uv run --no-sync -m gunicorn -w «3» app
  pixi run | /usr/bin/pixi run -e prod gunicorn -w «3» app
  newrelic-admin run-python | /srv/venv/bin/newrelic-admin run-python -m gunicorn -w «3» app
  coverage run -m | /srv/venv/bin/coverage run --source app -p -m gunicorn -w «3» app
  coverage run SCRIPT | /srv/venv/bin/coverage run --rcfile=/c /srv/venv/bin/gunicorn -w «3» app
  python -m coverage run -m | /srv/venv/bin/python -m coverage run -m gunicorn -w «3» app
  systemd-run --scope | /usr/bin/systemd-run --scope -p MemoryMax=1G --quiet /usr/bin/gunicorn -w «3» app
  chroot | /usr/sbin/chroot --userspec=www:www /srv/root /usr/bin/gunicorn -w «3» app
  sops exec-env | /usr/bin/sops exec-env --pristine /etc/secrets.yaml 'exec gunicorn -w «3» app'
  dotenvx run | /usr/bin/dotenvx run -f /etc/a.env -- gunicorn -w «3» app
  newrelic-admin run-program | /srv/venv/bin/newrelic-admin run-program /srv/app/venv/bin/gunicorn -w «3» app
  ddtrace-run python -m gunicorn | /srv/venv/bin/ddtrace-run python -m gunicorn -w «3» app
  opentelemetry-instrument with options | /v/opentelemetry-instrument --traces_exporter console /srv/app/venv/bin/gunicorn -w «3» app
  env, nice, ionice, chrt, taskset in a row | /usr/bin/env A=1 nice -n 5 ionice -c2 -n 7 chrt -b 0 taskset -c 0-3 /srv/app/venv/bin/gunicorn -w «3» app
  setpriv, numactl, stdbuf, timeout | /usr/bin/setpriv --reuid www --clear-groups numactl --interleave=all stdbuf -oL timeout -k 5 100 /srv/app/venv/bin/gunicorn -w «3» app
  sudo -u | /usr/bin/sudo -u www -H /srv/app/venv/bin/gunicorn -w «3» app
  runuser -u USER -- | /usr/sbin/runuser -u www -- /srv/app/venv/bin/gunicorn -w «3» app
  su - USER -c | /bin/su - www -s /bin/bash -c "cd /srv && /srv/app/venv/bin/gunicorn -w «3» app"
  env with WEB_CONCURRENCY | /usr/bin/env WEB_CONCURRENCY=«3» /srv/app/venv/bin/gunicorn app
  flock -n FILE | /usr/bin/flock -n /run/web.lock /srv/venv/bin/gunicorn -w «3» app
  flock FILE -c "…" | /usr/bin/flock -n /run/web.lock -c "exec gunicorn -w «3» app"
  envdir, softlimit, setuidgid | /usr/bin/envdir /etc/web softlimit -o 100 setuidgid www gunicorn -w «3» app
  s6-setuidgid, s6-envdir, authbind | /bin/s6-setuidgid www s6-envdir /e authbind --deep gunicorn -w «3» app
  xvfb-run with options | /usr/bin/xvfb-run -a -s "-screen 0 1x1x8" gunicorn -w «3» app
  scl enable … -- | /usr/bin/scl enable rh-python38 rh-git -- gunicorn -w «3» app
  scl enable … 'script' | /usr/bin/scl enable rh-python38 'exec gunicorn -w «3» app'
  dotenv run | /srv/venv/bin/dotenv -f /srv/.env run -- gunicorn -w «3» app
  honcho run | /srv/venv/bin/honcho -e /srv/.env run gunicorn -w «3» app
  direnv exec | /usr/bin/direnv exec /srv gunicorn -w «3» app
  pyenv exec | /root/.pyenv/bin/pyenv exec gunicorn -w «3» app
  doppler run | /usr/bin/doppler run -p web -c prd -- gunicorn -w «3» app
  chamber exec | /usr/local/bin/chamber exec web common -- gunicorn -w «3» app
  conda run | /opt/conda/bin/conda run --no-capture-output -n web --cwd /srv gunicorn -w «3» app
  systemd-cat | /usr/bin/systemd-cat -t web --priority=info gunicorn -w «3» app
  nice -10, chrt, ionice -c2 -n7 | /usr/bin/nice -10 chrt -f 5 ionice -c2 -n7 -t gunicorn -w «3» app
  sudo with a variable | /usr/bin/sudo -u www WEB_CONCURRENCY=«3» gunicorn app
  a build of Python without a lock | /usr/bin/python3.13t -mgunicorn -w «3» app
  an eval that is none of the command | /bin/bash -c 'eval "$(pyenv init -)" && exec gunicorn -w «3» app'
  a trap and a wait | /bin/bash -c 'trap "kill 0" TERM; gunicorn -w «3» app & wait $!'
  a group and a subshell | /bin/sh -c '{ (cd /srv; ulimit -n 99; exec gunicorn -w «3» app); }'
  quotes in the middle of the option | /srv/venv/bin/gunicorn --work"ers=«3»" 'web':app
  the blank is an escape | /srv/venv/bin/gunicorn --name a\\x20-w\\x209 -w\\x20«3» app
  a sign, which stays | /srv/venv/bin/gunicorn --workers=+«3» app
  blanks around the number, which stay | /srv/venv/bin/gunicorn --workers=" «3» " app
  sh -c 'exec gunicorn …' | /bin/sh -c 'exec gunicorn -w «3» app'
  bash -lc "cd … && . activate && exec gunicorn …" | /bin/bash -lc "cd /srv && . venv/bin/activate && exec gunicorn --workers=«3» --bind 0:80 app"
  a script with a variable of its own | /bin/sh -c 'N=«3»; exec gunicorn -w $N app'
  a script that exports WEB_CONCURRENCY | /bin/sh -c 'export WEB_CONCURRENCY=«3» && exec gunicorn app'
  a script with a variable before the command | /bin/sh -c 'WEB_CONCURRENCY=«3» exec gunicorn app'
  a script with arguments | /bin/sh -c 'exec gunicorn "$@"' sh -w «3» app
  an if around the command | /bin/sh -c 'if test -e /x; then echo y; fi; exec gunicorn -w «3» app'
  what is only known at the start stands before the flag | /bin/sh -c 'exec gunicorn $(cat /srv/app) -b $HOSTNAME:80 -w «3»'
  several commands in a line, one of them Gunicorn | /bin/true -w 9 ; /srv/app/venv/bin/gunicorn -w «3» app ; /bin/echo -w 8
  `),
  {
    name: 'a number written as an escape',
    exec: '/srv/app/venv/bin/gunicorn -w «\\x33» app:app',
    workers: 3,
  },
  {
    name: 'the number comes before the config file',
    exec: '/srv/app/venv/bin/gunicorn -c /srv/g.py -w «3» app',
    files: { '/srv/g.py': 'workers = 8\n' },
  },
  { name: 'tabs between words', exec: '/srv/app/venv/bin/gunicorn\t-w\t«3»\tapp' },
  {
    name: 'a script with options, redirection and pipe',
    exec: `/bin/bash -euo pipefail -c 'umask 022; gunicorn -w "«3»" app >>/var/log/g.log 2>&1 | cat'`,
  },
  { name: 'a script with a default', exec: '/bin/sh -c "exec gunicorn -w ${WORKERS:-«3»} app"' },
];
