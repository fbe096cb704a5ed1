import type { Lab } from '../lab/lab.ts';
import { APPS, celeryUnit, gunicornUnit, type ServiceOptions } from '../lab/services.ts';

/** A site of web.py, which answers on a port of 127.0.0.1, and how many workers it starts with. */
interface Site {
  port: number;
  workers: number;
  unit: ServiceOptions & { args?: string };
}

/** Eight ways in which people write the number of workers down; each site runs as the user of its name. */
export const SITES: Record<string, Site> = {
  shop: { port: 8001, workers: 2, unit: { count: '--workers 2' } },
  blog: { port: 8002, workers: 2, unit: { count: '-w 2', args: '--timeout 60' } },
  intranet: { port: 8003, workers: 3, unit: { count: '', env: { WEB_CONCURRENCY: '3' } } },
  wiki: {
    port: 8004,
    workers: 2,
    unit: { count: '--workers ${WORKERS}', lines: ['EnvironmentFile=/etc/default/wiki'] },
  },
  api: { port: 8005, workers: 2, unit: { count: '--workers=2', args: '-k gthread --threads 4' } },
  forms: {
    port: 8006,
    workers: 2,
    unit: { count: '', env: { GUNICORN_CMD_ARGS: '--workers=2 --timeout=60' } },
  },
  maps: { port: 8007, workers: 3, unit: { count: '-w 3', args: '--max-requests 5000' } },
  docs: { port: 8008, workers: 2, unit: { count: '-w 2', args: '--preload' } },
};

/** Two Celery workers with a Redis database each. */
export const WORKERS: Record<string, string> = {
  mail: 'redis://127.0.0.1:6379/0',
  reports: 'redis://127.0.0.1:6379/1',
};

/** Sets up what a host may have long before anybody thinks of scaling: all of it runs afterwards. */
export async function furnish(lab: Lab): Promise<void> {
  const names = [...Object.keys(SITES), ...Object.keys(WORKERS)];
  await lab.ok(
    names
      .map(
        (name) => `useradd --system --user-group ${name}
        install -d -o ${name} -g ${name} /srv/${name}
        install -o ${name} -g ${name} -m 0644 ${APPS}/web.py ${APPS}/tasks.py /srv/${name}`,
      )
      .join('\n'),
  );
  await lab.writeFile('/etc/default/wiki', 'WORKERS=2\n');
  for (const [name, { port, unit }] of Object.entries(SITES)) {
    await writeUnit(lab, name, gunicornUnit({ ...unit, bind: `127.0.0.1:${port}` }));
  }
  for (const [name, broker] of Object.entries(WORKERS)) {
    await writeUnit(lab, name, celeryUnit({ broker, args: `-n ${name}@%%h` }));
  }
  const start = `systemctl daemon-reload && systemctl start redis-server && systemctl enable --now ${names.join(' ')}`;
  await lab.ok(start, { timeoutMs: 120_000 });
}

/** As the tests write it, but with a user and a folder of its own. */
function writeUnit(lab: Lab, name: string, text: string): Promise<void> {
  const own = text.replace(/^WorkingDirectory=.*$/m, `WorkingDirectory=/srv/${name}\nUser=${name}`);
  return lab.writeFile(`/etc/systemd/system/${name}.service`, own);
}

/** Main process and number of its children, of each service. */
export async function countWorkers(lab: Lab): Promise<Map<string, string>> {
  const names = [...Object.keys(SITES), ...Object.keys(WORKERS)];
  const script = names.map(
    (name) =>
      `pid=$(systemctl show -P MainPID ${name}); echo ${name} $pid: $(pgrep -c -P $pid) workers`,
  );
  const lines = (await lab.ok(script.join('\n'))).trim().split('\n');
  return new Map(
    lines.map((line) => {
      const [name = '', ...rest] = line.split(' ');
      return [name, rest.join(' ')];
    }),
  );
}
