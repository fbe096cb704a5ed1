import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { CHECKOUT, startLab, type Lab } from '../../lab/lab.ts';
import type { Result, Running } from '../../lab/running.ts';
import { APPS, installUnit } from '../../lab/services.ts';

export const CONFIG = '/etc/autoscaler/config.json';
/** root's own copies of the apps and of the attackers' programs: readable by everybody, writable by nobody else */
export const WEB = '/srv/web';
export const PROGRAMS = '/srv/programs';

/** In every file of a hostile user: it must turn up nowhere else. */
export const MARK = 'hostile-bytes-5d1c';

/** What a project of a config is, unless a test says otherwise: nothing but its limits ever moves it. */
export const LIMITS = { min_workers: 2, max_workers: 9, cpu_thresholds: { scale_up_9: 99.9 } };

/** A service as `run --json` has it; the parts that are looked at. */
export interface ServiceReport {
  project: string;
  running: number | null;
  action: string;
  from: number | null;
  to: number | null;
  applied: boolean;
  hold: string | null;
  reason: string;
  error: string | null;
}

/**
 * A host with autoscaler installed, with these unprivileged users, each with a folder `app` of their own, and with
 * `shop.service`: a healthy Gunicorn of root's making, whose unit is root's, that each test wants served.
 */
export async function startHost(users: readonly string[]): Promise<Lab> {
  const lab = await startLab();
  try {
    const node =
      process.env['AUTOSCALER_LAB_ROOT'] === undefined ? process.execPath : '/usr/bin/node';
    await lab.ok(
      `bash ${CHECKOUT}/scripts/install/lay-out.sh / ${node}; mkdir -p ${WEB}; cp ${APPS}/*.py ${WEB}`,
    );
    const programs = join(import.meta.dirname, 'programs');
    for (const name of readdirSync(programs).filter((each) => each.endsWith('.py'))) {
      await lab.writeFile(`${PROGRAMS}/${name}`, readFileSync(join(programs, name), 'utf8'));
    }
    await lab.ok(
      ['shop', ...users]
        .map(
          (user) =>
            `useradd --create-home --shell /bin/sh ${user} && install -d -o ${user} -g ${user} /home/${user}/app`,
        )
        .join(' && '),
    );
    await installUnit(lab, 'shop.service', SHOP);
    return lab;
  } catch (error) {
    await lab.stop();
    throw error;
  }
}

/** The healthy service. Its minimum is 2, so a run raises it: that shows that it is served. */
export const SHOP = webUnit({ user: 'shop', port: 8000, count: '--workers 1' });

/** Puts the healthy service back to one worker less than its minimum, and all state away. */
export async function reset(lab: Lab): Promise<void> {
  await lab.writeFile('/etc/systemd/system/shop.service', SHOP);
  await lab.ok(
    'rm -rf /var/lib/autoscaler /var/backups/autoscaler /var/log/autoscaler.log; systemctl daemon-reload',
  );
}

/** A Gunicorn that runs as `user`; the unit is root's, as far as `lines` do not say otherwise. */
export function webUnit(of: {
  user: string;
  port: number;
  count?: string;
  execStart?: string;
  lines?: string[];
}): string {
  const { user, port, count = '', lines = [] } = of;
  const { execStart = `/usr/bin/gunicorn ${count} --bind 127.0.0.1:${port} web:app` } = of;
  return [
    '[Unit]',
    `Description=an app of ${user}`,
    '[Service]',
    ...['Type=notify', 'KillMode=mixed', `User=${user}`, `WorkingDirectory=${WEB}`],
    ...lines,
    `ExecStart=${execStart}`,
    '',
  ].join('\n');
}

/** A Gunicorn of `user` whose number stands in the file `env` of the folder `app`, which the user owns. */
export async function installForeign(lab: Lab, user: string, port: number): Promise<void> {
  await writeEnv(lab, user);
  await installUnit(
    lab,
    `${user}.service`,
    webUnit({ user, port, lines: [`EnvironmentFile=/home/${user}/app/env`] }),
  );
}

/** Gives the user's folder the environment file that it had in the beginning; whatever else is there goes. */
export async function writeEnv(lab: Lab, user: string, text = envText(1)): Promise<void> {
  const app = `/home/${user}/app`;
  await lab.ok(`rm -rf ${app}; install -d -o ${user} -g ${user} ${app}`);
  await lab.exec(['runuser', '-u', user, '--', 'sh', '-c', `cat > ${app}/env`], { input: text });
}

export function envText(workers: number): string {
  return `WEB_CONCURRENCY=${workers}\nMINE=${MARK}\n`;
}

/** As the user, with nothing but what every process of that user may do. */
export function asUser(lab: Lab, user: string, script: string): Promise<string> {
  const quoted = `'${script.replaceAll("'", `'\\''`)}'`;
  return lab.ok(`runuser -u ${user} -- /bin/sh -c ${quoted}`);
}

/** Starts one of the attackers' programs as the user and waits for its first line, `ready …`: `said`. `in`: a command before it. */
export async function startAs(
  lab: Lab,
  user: string,
  [program, ...args]: readonly [string, ...string[]],
  options: { in?: readonly string[] } = {},
): Promise<Running & { said: string }> {
  const python = [...(options.in ?? []), '/usr/bin/python3', `${PROGRAMS}/${program}`];
  const running = lab.spawn(['runuser', '-u', user, '--', ...python, ...args], {
    timeoutMs: 300_000,
  });
  const said = await new Promise<string>((resolve, reject) => {
    running.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString()));
    void running.done.then(({ stderr }) => reject(new Error(`${program} gave up: ${stderr}`)));
  });
  return { ...running, said };
}

export async function writeConfig(
  lab: Lab,
  projects: Record<string, object>,
  global: object = {},
): Promise<void> {
  await lab.writeFile(CONFIG, JSON.stringify({ projects, global }), { mode: 0o640 });
}

/** What a command cost. `peakMb`: the most that it or a child of it held. `isLate`: it had to be asked to end. */
export interface Cost {
  ms: number;
  cpuMs: number;
  peakMb: number;
  isLate: boolean;
  /** it did not even end on SIGTERM */
  wasDeaf: boolean;
}

/** Runs the installed program; it is asked to end after `seconds`, and killed where it does not. */
export async function measured(
  lab: Lab,
  args: readonly string[],
  seconds = 30,
): Promise<Result & Cost> {
  const notes = `/run/measured-${args[0] ?? ''}`;
  const result = await lab.exec(
    [
      '/usr/bin/python3',
      `${PROGRAMS}/measured.py`,
      notes,
      String(seconds),
      '/usr/bin/autoscaler',
      ...args,
    ],
    { timeoutMs: (seconds + 30) * 1000 },
  );
  const cost = JSON.parse(await lab.readFile(notes)) as Record<string, number | boolean>;
  return {
    ...result,
    ms: Number(cost['ms']),
    cpuMs: Number(cost['cpu_ms']),
    peakMb: Number(cost['peak_mb']),
    isLate: cost['is_late'] === true,
    wasDeaf: cost['was_deaf'] === true,
  };
}

/** One run; fails where it does not end by itself within `seconds`. */
export async function run(
  lab: Lab,
  { seconds = 30 }: { seconds?: number } = {},
): Promise<Result & Cost & { get: (project: string) => ServiceReport }> {
  const result = await measured(lab, ['run', '--json'], seconds);
  const { stdout, stderr, exitCode, ms, isLate, wasDeaf } = result;
  assert.ok(
    !wasDeaf,
    `run did not end within ${seconds} s, nor on SIGTERM: ${stderr.slice(-2000)}`,
  );
  assert.ok(!isLate, `run did not end within ${seconds} s: ${stderr.slice(-2000)}`);
  assertNoTrace(stdout + stderr);
  assert.ok(
    exitCode === 0 || exitCode === 1,
    `run ended with ${exitCode} after ${ms} ms: ${stderr.slice(-2000)}`,
  );
  const { services } = JSON.parse(stdout) as { services: ServiceReport[] };
  const by = new Map(services.map((service) => [service.project, service]));
  const get = (project: string): ServiceReport => {
    const found = by.get(project);
    assert.ok(found !== undefined, `no ${project} in ${stdout}`);
    return found;
  };
  return { ...result, get };
}

/** The healthy service was raised to its minimum by this run. */
export function assertServed({ applied, from, to, running, reason, error }: ServiceReport): void {
  assert.deepEqual(
    { applied, from, to, running },
    { applied: true, from: 1, to: 2, running: 2 },
    error ?? reason,
  );
}

/** Nothing looks like a program that met what nobody had thought of. */
export function assertNoTrace(text: string): void {
  assert.doesNotMatch(text, /^\s+at .*[:(]\d+:\d+\)?$/m, 'a stack trace');
  assert.doesNotMatch(text, /a bug|uncaught|unhandled/i);
}
