import type { KindCase } from '../../contract/kind.ts';

export const CASE: KindCase = {
  masters: [
    ['/usr/bin/python3', '/usr/bin/gunicorn', '-w', '3', 'web:app'],
    ['python3', '-m', 'gunicorn', 'web:app'],
    ['gunicorn: master [web:app]'],
  ],
  others: [['gunicorn: worker [web:app]'], ['python3', 'app.py', 'gunicorn']],
  commands: [
    'gunicorn --workers «3» web:app',
    '/srv/venv/bin/gunicorn -w «3» -k gthread web:app',
    '/usr/bin/python3 -m gunicorn --workers=«3» web:app',
    '/usr/bin/env FOO=1 gunicorn -b :8000 --workers «12» web:app',
  ],
  plain: '/usr/bin/gunicorn web:app',
  noWorkers: ['/usr/bin/uvicorn web:app', '/usr/bin/sleep 5'],
  pool: null,
};
