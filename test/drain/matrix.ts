import type { Lab } from '../lab/lab.ts';
import { celeryUnit, enqueue, installUnit } from '../lab/services.ts';

/** What of a Celery unit bears on how it can be stopped. */
export interface Form {
  /** a worker that systemd watches, or the daemon of `celery multi start` */
  type: 'simple' | 'forking' | 'oneshot';
  killMode: string;
  restart: string;
  acksLate: boolean;
}

const KILL_MODES = ['control-group', 'mixed', 'process', 'none'];
const RESTARTS = [
  'Restart=no',
  'Restart=on-failure',
  'Restart=always RestartSec=0',
  'Restart=always RestartSec=1',
  'Restart=always RestartSec=5',
];

/** Every KillMode=, each Restart= that people use (a daemon has none as a rule), acknowledged late or not. */
export const FORMS: Form[] = KILL_MODES.flatMap((killMode) =>
  [
    ...RESTARTS.map((restart) => ({ type: 'simple' as const, killMode, restart })),
    ...(['forking', 'oneshot'] as const).map((type) => ({ type, killMode, restart: 'Restart=no' })),
  ].flatMap((form) => [false, true].map((acksLate) => ({ ...form, acksLate }))),
);

/** How one form went: tasks that ended not once but never, or twice. */
export interface Loss {
  form: Form;
  tasks: number;
  lost: number;
  doubled: number;
  error: string | null;
}

const TASKS = 24;
const PATIENT = { timeoutMs: 240_000 };

/** Two changes and a rollback under load, each form with a queue, a state and backups of its own. */
export async function tryForm(lab: Lab, form: Form, number: number): Promise<Loss> {
  const name = `drain${number}`;
  const loss = { form, tasks: TASKS, lost: TASKS, doubled: 0, error: null };
  try {
    const unit = makeUnit(form, name);
    await installUnit(lab, `${name}.service`, unit);
    const config = `/etc/autoscaler/${name}.json`;
    const global = {
      state_dir: `/var/lib/autoscaler-${name}`,
      backup_dir: `/var/backups/autoscaler-${name}`,
    };
    const project = {
      ...{ min_workers: 2, max_workers: 4, queue_thresholds: { scale_up_4: 1000 } },
      ...{ broker_url: 'redis://127.0.0.1:6379/0', queues: [name] },
    };
    const text = JSON.stringify({ projects: { [name]: project }, global });
    await lab.writeFile(config, text, { mode: 0o600 });
    await enqueue(lab, TASKS, 'tasks.trace', (id) => [`${name}-${id}`, 0.4], { queue: name });
    await untilEnded(lab, name, 1);
    for (const args of [
      ['scale', name, '3'],
      ['scale', name, '2'],
      ['scale', name, '4'],
      ['rollback', name, '--keep-timer'],
    ]) {
      const { exitCode, stdout, stderr } = await lab.autoscaler(
        ['--config', config, ...args],
        PATIENT,
      );
      if (exitCode !== 0) return { ...loss, error: `${args.join(' ')}: ${stdout}${stderr}` };
    }
    if ((await lab.readFile(`/etc/systemd/system/${name}.service`)) !== unit) {
      return { ...loss, error: 'the unit is not as it was' };
    }
    await untilEnded(lab, name, TASKS).catch(() => undefined);
    const traces = await readTraces(lab, name);
    const lost = traces.filter((times) => times === 0).length;
    const doubled = traces.filter((times) => times > 1).length;
    return { ...loss, lost, doubled };
  } catch (error) {
    return { ...loss, error: (error as Error).message };
  } finally {
    await lab.sh(`systemctl kill -s KILL ${name}; systemctl stop ${name}`);
  }
}

function makeUnit({ type, killMode, restart, acksLate }: Form, name: string): string {
  const lines = [`KillMode=${killMode}`, ...restart.split(' ')];
  const env = { ACKS_LATE: acksLate ? '1' : '' };
  if (type === 'simple') {
    return celeryUnit({ count: '-c 2', args: `-Q ${name} -n ${name}@%%h`, lines, env });
  }
  const files = `--pidfile=/run/${name}.pid --logfile=/run/${name}.log`;
  return celeryUnit({
    execStart: `/usr/bin/celery -A tasks multi start ${name} -c 2 -Q ${name} ${files}`,
    lines: [
      ...lines,
      ...(type === 'oneshot'
        ? ['Type=oneshot', 'RemainAfterExit=yes']
        : // no PIDFile=: systemd forgets to look for it where it is reloaded meanwhile, as it is by other forms here
          ['Type=forking']),
    ],
    env,
  });
}

async function untilEnded(lab: Lab, name: string, n: number): Promise<void> {
  await lab.until(
    async () => (await readTraces(lab, name)).filter((each) => each > 0).length >= n,
    {
      what: `${n} tasks of ${name} to end`,
      timeoutMs: 60_000,
    },
  );
}

async function readTraces(lab: Lab, name: string): Promise<number[]> {
  const keys = Array.from({ length: TASKS }, (_, id) => `trace:${name}-${id}`).join(' ');
  const text = await lab.ok(`redis-cli -n 15 mget ${keys}`);
  return text.split('\n').slice(0, TASKS).map(Number);
}
