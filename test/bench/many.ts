// How long a run takes that has many changes to make: COUNT Gunicorn services, each from 1 to 2 workers and back,
// restarted and live. `npm run bench:many -- [COUNT] [PROGRAM]`; PROGRAM: the main.js of another build, to compare with.
import { readdirSync } from 'node:fs';
import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { startLab, type Lab } from '../lab/lab.ts';
import { gunicornUnit } from '../lab/services.ts';

const count = Number(process.argv[2] ?? 40);
const lab = await startLab();
const [node = '', ours = ''] = lab.autoscalerArgv;
const program = process.argv[3] ?? ours;
const names = Array.from({ length: count }, (_, index) => `many${index + 1}`);

try {
  await install(lab);
  process.stdout.write(`${count} services of Gunicorn; load ${loadavg()[0]?.toFixed(1)}\n`);
  for (const apply of ['restart', 'live']) {
    for (const workers of [2, 1]) {
      const { seconds, most, failed } = await changeAll(lab, apply, workers);
      const each = seconds / count;
      process.stdout.write(
        `${apply} ${workers === 2 ? '1 → 2' : '2 → 1'}: ${seconds.toFixed(1)} s, ${each.toFixed(2)} s a change, ` +
          `${most} at once at most; 300 would take ${((each * 300) / 60).toFixed(1)} minutes; ` +
          `${failed} failed; load ${loadavg()[0]?.toFixed(1)}\n`,
      );
    }
  }
} finally {
  await lab.stop();
}

async function install(host: Lab): Promise<void> {
  for (const [index, name] of names.entries()) {
    const bind = `127.0.0.1:${9000 + index}`;
    const text = gunicornUnit({ count: '--workers 1', bind });
    await host.writeFile(`/etc/systemd/system/${name}.service`, text);
  }
  await host.ok(`systemctl daemon-reload; systemctl start ${names.join(' ')}`, {
    timeoutMs: 300_000,
  });
}

/** min and max leave one number only, so that every service is to be changed. */
async function changeAll(host: Lab, apply: string, workers: number) {
  const project = {
    ...{ min_workers: workers, max_workers: workers, cpu_thresholds: { scale_up_2: 99.9 } },
    apply,
  };
  if (workers === 1) project.cpu_thresholds = { scale_down_1: 0.1 } as never;
  const projects = Object.fromEntries(names.map((name) => [name, project]));
  await host.writeFile('/etc/autoscaler/config.json', JSON.stringify({ projects }));
  const start = performance.now();
  let isOver = false;
  const running = host
    .exec([node, program, 'run', '--json'], { timeoutMs: 3_600_000 })
    .finally(() => (isOver = true));
  let most = 0;
  while (!isOver) {
    most = Math.max(most, countPending(host));
    await sleep(50);
  }
  const { stdout, stderr } = await running;
  const seconds = (performance.now() - start) / 1000;
  if (stdout === '') throw new Error(stderr);
  const { services } = JSON.parse(stdout) as { services: { applied: boolean }[] };
  return { seconds, most, failed: services.filter(({ applied }) => !applied).length };
}

function countPending(host: Lab): number {
  try {
    const changes = readdirSync(host.path('/var/backups/autoscaler/changes'));
    return changes.filter((name) => name.endsWith('.pending')).length;
  } catch {
    return 0;
  }
}
