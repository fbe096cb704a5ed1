import type { KindCase } from '../../contract/kind.ts';

export const CASE: KindCase = {
  masters: [
    ['/usr/bin/python3', '/usr/bin/celery', '-A', 'shop', 'worker', '-c', '4'],
    ['python3', '-m', 'celery', '-A', 'shop', 'worker'],
    ['python3', '/srv/bin/nautobot-server', 'celery', 'worker'],
    ['[celeryd: celery@host:MainProcess] -active- (worker -A shop)'],
  ],
  others: [
    ['[celeryd: celery@host:ForkPoolWorker-1]'],
    ['[celery beat]'],
    ['python3', '/usr/bin/celery', '-A', 'shop', 'beat'],
  ],
  commands: [
    'celery -A shop worker --concurrency=«4»',
    '/srv/venv/bin/celery -A shop worker -l info -c «4»',
    '/usr/bin/python3 -m celery -A shop worker --concurrency «4»',
    '/srv/bin/airflow celery worker --concurrency «4»',
  ],
  plain: '/usr/bin/celery -A shop worker',
  noWorkers: ['/usr/bin/celery -A shop beat', '/usr/bin/celery -A shop flower'],
  pool: 'prefork',
};
