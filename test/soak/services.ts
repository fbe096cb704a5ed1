import type { Lab } from '../lab/lab.ts';
import { celeryUnit, enqueue, gunicornUnit, installUnit, redisUnit } from '../lab/services.ts';

/** A service of the soak: its files as they were, and where its number stands. */
export interface Subject {
  name: string;
  service: string;
  /** all files that a change may touch, as they are at the beginning; null: not there */
  files: Map<string, string | null>;
  /** whether it answers */
  serves: (lab: Lab) => Promise<boolean>;
}

// whatever is killed comes back
const LINES = ['Restart=always', 'RestartSec=0'];
const UNITS = '/etc/systemd/system';

/** Five Gunicorns whose number stands in five different places, and a Celery worker. */
export async function installSubjects(lab: Lab): Promise<Subject[]> {
  await installUnit(lab, 'lab-redis.service', redisUnit());
  const subjects: Subject[] = [];
  const shapes: [name: string, unit: (bind: string) => string, more?: Record<string, string>][] = [
    ['word', (bind) => gunicornUnit({ count: '--workers 2', bind, lines: LINES })],
    [
      'variable',
      (bind) => gunicornUnit({ count: '', bind, env: { WEB_CONCURRENCY: '2' }, lines: LINES }),
    ],
    [
      'file',
      (bind) =>
        gunicornUnit({
          count: '-w $COUNT',
          bind,
          lines: [...LINES, 'EnvironmentFile=/etc/default/file'],
        }),
      { '/etc/default/file': '# of the soak\nCOUNT="2"\n' },
    ],
    ['none', (bind) => gunicornUnit({ count: '', bind, lines: LINES })],
    [
      'shell',
      (bind) =>
        gunicornUnit({
          execStart: `/bin/sh -c "exec /usr/bin/gunicorn -w2 --bind ${bind} web:app"`,
          lines: LINES,
        }),
    ],
  ];
  for (const [index, [name, unit, more = {}]] of shapes.entries()) {
    const bind = `127.0.0.1:${8200 + index}`;
    for (const [path, text] of Object.entries(more)) await lab.writeFile(path, text);
    subjects.push(
      await install(lab, name, unit(bind), more, async () => {
        const { stdout } = await lab.sh(
          `/usr/bin/python3 -c "import urllib.request as r; print(r.urlopen('http://${bind}/', timeout=5).status)"`,
        );
        return stdout.trim() === '200';
      }),
    );
  }
  const celery = celeryUnit({ count: '-c 2', lines: LINES });
  subjects.push(
    await install(lab, 'jobs', celery, {}, async () => {
      const id = `soak-${performance.now()}`;
      await enqueue(lab, 1, 'tasks.trace', () => [id, 0]);
      const { stdout } = await lab.sh(
        `for i in $(seq 100); do redis-cli -n 15 get trace:${id} | grep . && exit; sleep 0.1; done`,
      );
      return stdout.trim() === '1';
    }),
  );
  return subjects;
}

async function install(
  lab: Lab,
  name: string,
  unit: string,
  more: Record<string, string>,
  serves: Subject['serves'],
): Promise<Subject> {
  const service = `${name}.service`;
  await installUnit(lab, service, unit);
  const files = new Map<string, string | null>(Object.entries(more));
  files.set(`${UNITS}/${service}`, unit);
  files.set(`${UNITS}/${service}.d/50-autoscaler.conf`, null);
  return { name, service, files, serves };
}
