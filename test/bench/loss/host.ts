import type { Lab } from '../../lab/lab.ts';
import { celeryUnit, gunicornUnit, installUnit, redisUnit } from '../../lab/services.ts';

/** How a number gets into force: by hand as users do it today, or by us, in an apply mode. */
export type Mode = 'sed' | 'restart' | 'live';

export const FEW = 2;
export const MANY = 4;

const UNITS: Record<string, string> = {
  tcp: gunicornUnit({ count: `--workers ${FEW}` }),
  unix: gunicornUnit({ count: `--workers ${FEW}`, bind: 'unix:/run/unix.sock' }),
  tasks: celeryUnit({ count: `--concurrency ${FEW}` }),
};

/** The services under load, and the URL of each that answers requests. */
export const URLS: Record<string, string> = {
  tcp: 'http://127.0.0.1:8000/sleep?ms=20',
  unix: 'http://127.0.0.1:8080/sleep?ms=20',
};
export const SERVICES = Object.keys(UNITS);

const NGINX = `
daemon off;
user root;
error_log /dev/null;
pid /run/nginx-bench.pid;
events { worker_connections 1024; }
http {
  access_log off;
  upstream app { server unix:/run/unix.sock fail_timeout=0; }
  server {
    listen 127.0.0.1:8080;
    location / { proxy_pass http://app; proxy_set_header Host $host; }
  }
}
`;

/** Puts Redis, nginx and the three services in place, as at the start. */
export async function installServices(lab: Lab): Promise<void> {
  await lab.writeFile('/etc/nginx-bench.conf', NGINX);
  const nginx = '[Service]\nExecStart=/usr/sbin/nginx -c /etc/nginx-bench.conf\n';
  await installUnit(lab, 'lab-redis.service', redisUnit());
  for (const [name, text] of Object.entries(UNITS)) {
    await installUnit(lab, `${name}.service`, text);
  }
  await installUnit(lab, 'lab-nginx.service', nginx);
}

/**
 * Changes the number of a service, and gives how long the command took (its verification included), in
 * milliseconds. Each service has a state and a config of its own, so that they do not wait for each other.
 */
export async function change(lab: Lab, service: string, to: number, mode: Mode): Promise<number> {
  const start = performance.now();
  if (mode === 'sed') {
    const pattern = 's/(--workers|--concurrency) [0-9]+/\\1';
    await lab.ok(
      `sed -E -i '${pattern} ${to}/' /etc/systemd/system/${service}.service && systemctl daemon-reload && systemctl restart ${service}`,
    );
  } else {
    const config = `/etc/autoscaler/${service}-${mode}.json`;
    const args = ['--config', config, '-q', 'scale', service, String(to)];
    const { exitCode, stdout, stderr } = await lab.autoscaler(args, { timeoutMs: 120_000 });
    if (exitCode !== 0) throw new Error(`scale ${service} ${to}: ${stdout}${stderr}`);
  }
  return performance.now() - start;
}

/** The configs for `change`. */
export async function writeConfigs(lab: Lab, mode: Mode): Promise<void> {
  if (mode === 'sed') return;
  for (const service of SERVICES) {
    const project = {
      ...{ max_workers: 8, cpu_thresholds: { scale_up_8: 99 } },
      ...(service === 'tasks' ? { broker_url: 'redis://127.0.0.1:6379/0' } : {}),
    };
    const folder = `/var/lib/bench/${service}`;
    const config = {
      projects: { [service]: project },
      // never a restart in its place, unnoticed
      global: {
        apply: mode === 'live' ? 'live-only' : mode,
        state_dir: `${folder}/state`,
        backup_dir: `${folder}/backups`,
      },
    };
    await lab.writeFile(`/etc/autoscaler/${service}-${mode}.json`, JSON.stringify(config));
  }
}
