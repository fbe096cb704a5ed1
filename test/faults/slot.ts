import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import type { Lab } from '../lab/lab.ts';
import type { Result } from '../lab/running.ts';
import { sha256 } from '../../src/act/journal/sha256.ts';
import { installUnit } from '../lab/services.ts';

const UNITS = '/etc/systemd/system';
const PATIENT = { timeoutMs: 240_000 };

/** A change that faults are put into. */
export interface Scenario {
  name: string;
  /** the unit of a slot, with the number before the change */
  unit: (slot: Slot) => string;
  from: number;
  to: number;
  /** where the number stands */
  where: 'unit' | 'drop-in' | 'environment';
  /** a file of another user that the unit reads */
  foreign?: (slot: Slot) => { path: string; text: string };
  /** it cannot succeed: what is tested is the way back */
  fails?: boolean;
  /** the running pool is changed without a restart */
  live?: boolean;
  /** commands before the change, without faults */
  setup?: (slot: Slot) => string[][];
  /** a change before the command that is killed right before the first of its calls of which this is true */
  killed?: {
    command: (slot: Slot) => string[];
    at: (call: Call, before: readonly Call[]) => boolean;
  };
  command: (slot: Slot) => string[];
}

/** One service and a state, backups and a config of its own, so that several can be tried at once in a lab. */
export interface Slot {
  lab: Lab;
  number: number;
  service: string;
  unitPath: string;
  port: number;
  config: string;
  state: string;
  backups: string;
  log: string;
}

export function makeSlot(lab: Lab, number: number): Slot {
  const name = `fault${number}`;
  return {
    ...{ lab, number },
    service: `${name}.service`,
    unitPath: `${UNITS}/${name}.service`,
    port: 8100 + number,
    config: `/etc/autoscaler/${name}.json`,
    state: `/var/lib/autoscaler-${name}`,
    backups: `/var/backups/autoscaler-${name}`,
    log: `/var/log/autoscaler-${name}.log`,
  };
}

/** The broker of a slot: a database of its own. */
export function brokerOf({ number }: Slot): string {
  return `redis://127.0.0.1:6379/${number}`;
}

async function configure(slot: Slot, { live = false, unit }: Scenario): Promise<void> {
  const { lab, service, state, backups, log } = slot;
  // never reached, so that a run only finishes or undoes what it finds
  const never = { cpu_thresholds: { scale_up_8: 99 }, cpu_duration_minutes: 9999 };
  const project = { service_name: service, max_workers: 8, ...never };
  const config = {
    projects: { slot: isCelery(unit(slot)) ? { ...project, broker_url: brokerOf(slot) } : project },
    global: {
      ...{ state_dir: state, backup_dir: backups, log_file: log },
      apply: live ? 'live' : 'restart',
    },
  };
  await lab.writeFile(slot.config, JSON.stringify(config), { mode: 0o600 });
}

/** Puts a slot where the scenario begins: the unit as written, the service with `from` workers, no state of ours. */
export async function resetSlot(slot: Slot, scenario: Scenario): Promise<void> {
  const { lab, state, backups, log } = slot;
  for (const path of [state, backups, log]) {
    rmSync(lab.path(path), { recursive: true, force: true });
  }
  await configure(slot, scenario);
  if (!(await isAsWritten(slot, scenario))) await startAnew(slot, scenario);
  for (const args of scenario.setup?.(slot) ?? []) {
    const { exitCode, stdout, stderr } = await lab.autoscaler(
      ['--config', slot.config, ...args],
      PATIENT,
    );
    if (exitCode !== 0) throw new Error(`${args.join(' ')}: ${stdout}${stderr}`);
  }
}

/** Many faults leave the service as it was: it need not be started again for the next one. */
async function isAsWritten(slot: Slot, scenario: Scenario): Promise<boolean> {
  const { lab, service, unitPath } = slot;
  const unit = scenario.unit(slot);
  if (temporaries(slot).length > 0 || existsSync(lab.path(`${unitPath}.d`))) return false;
  const isSame =
    existsSync(lab.path(unitPath)) && readFileSync(lab.path(unitPath), 'utf8') === unit;
  if (!isSame) return false;
  const count = /--workers (\d)|-c (\d)/.exec(unit);
  const { exitCode } = await lab.sh(
    `[ "$(systemctl show -P ActiveState -P NeedDaemonReload ${service} | xargs)" = "active no" ] && [ "$(pgrep -c -P $(systemctl show -P MainPID ${service}))" = ${count?.[1] ?? count?.[2] ?? 1} ] && [ "$(stat -c %a%U%G ${unitPath})" = 664daemonadm ]`,
  );
  return exitCode === 0;
}

async function startAnew(slot: Slot, scenario: Scenario): Promise<void> {
  const { lab, service, unitPath } = slot;
  await lab.sh(
    `systemctl kill -s KILL ${service}; systemctl stop ${service}; systemctl reset-failed ${service}`,
  );
  for (const path of [unitPath, `${unitPath}.d`]) {
    rmSync(lab.path(path), { recursive: true, force: true });
  }
  for (const name of temporaries(slot)) rmSync(lab.path(`${UNITS}/${name}`));
  const unit = scenario.unit(slot);
  const foreign = scenario.foreign?.(slot);
  // user daemon
  if (foreign) await lab.writeFile(foreign.path, foreign.text, { uid: 1, gid: 1 });
  await installUnit(lab, service, unit);
  await lab.ok(`chown root:adm ${unitPath} && chmod 0640 ${unitPath}`);
  // Celery is started for systemd before its pool is there
  await lab.ok(
    `main=$(systemctl show -p MainPID --value ${service}); for i in $(seq 200); do [ $(pgrep -P $main | wc -l) -gt 0 ] && exit; sleep 0.1; done; exit 1`,
  );
  if (isCelery(unit)) await untilControlled(slot);
  await lab.sh('sleep 0.3');
}

function isCelery(unit: string): boolean {
  return unit.includes('/usr/bin/celery');
}

/** Celery's worker listens to its remote control. */
async function untilControlled({ lab, number }: Slot): Promise<void> {
  const ask = `redis-cli client list | grep -q "db=${number} .*psub=[1-9]"`;
  await lab.ok(`for i in $(seq 200); do ${ask} && exit; sleep 0.1; done; exit 1`);
}

/** A system call of the change: number, name, paths, and for an open its flags. */
export type Call = [number, string, ...(string | number)[]];

/** Makes the change with a fault in it; answers how it ended and the calls up to there. */
export async function runWithFault(
  slot: Slot,
  command: string[],
  fault: string,
): Promise<{ result: Result; calls: Call[] }> {
  const { lab, state, backups, log, config } = slot;
  const events = `/run/${slot.service}.events`;
  const tracer = ['/usr/bin/python3', `${import.meta.dirname}/tracer.py`];
  const result = await lab.exec(
    [...tracer, events, fault, UNITS, state, backups, log].concat([
      ...['--', ...lab.autoscalerArgv, '--config', config],
      ...command,
    ]),
    PATIENT,
  );
  const text = readFileSync(lab.path(events), 'utf8');
  const calls = text.split('\n').filter((line) => line !== '');
  return { result, calls: calls.map((line) => JSON.parse(line) as Call) };
}

/** The next run of the timer. */
export function runNext(slot: Slot): Promise<Result> {
  return slot.lab.autoscaler(['--config', slot.config, 'run', '--json'], PATIENT);
}

/** What is not as it must be once a run has finished or undone the change; empty: all is consistent. */
export async function findFaults(slot: Slot, scenario: Scenario): Promise<string[]> {
  const faults: string[] = [];
  const expect = (is: boolean, what: string) => {
    if (!is) faults.push(what);
  };
  const declared = readDeclared(slot, scenario);
  if (typeof declared === 'string') return [declared];
  const { mode, gid } = statSync(slot.lab.path(slot.unitPath));
  expect((mode & 0o7777) === 0o640 && gid === 4, `mode ${mode.toString(8)}, group ${gid}`);
  const foreign = scenario.foreign?.(slot);
  if (foreign) {
    const { uid } = statSync(slot.lab.path(foreign.path));
    const text = readFileSync(slot.lab.path(foreign.path), 'utf8');
    expect(uid === 1 && text === foreign.text, `${foreign.path} of user ${uid} is: ${text}`);
  }
  expect(temporaries(slot).length === 0, `left: ${temporaries(slot).join(' ')}`);
  const shown = await slot.lab.ok(
    `systemctl show -p ActiveState,NeedDaemonReload ${slot.service}; main=$(systemctl show -p MainPID --value ${slot.service}); [ $main = 0 ] || echo workers=$(pgrep -P $main | wc -l)`,
  );
  expect(shown.includes('ActiveState=active'), shown);
  expect(shown.includes('NeedDaemonReload=no'), shown);
  expect(shown.includes(`workers=${declared}\n`), `the unit says ${declared}; ${shown}`);
  if (isCelery(scenario.unit(slot))) expect(await takesTasks(slot), 'the worker takes no tasks');
  const before = scenario.setup?.(slot).length ?? 0;
  return [...faults, ...findRecordFaults(slot, declared === scenario.to, before)];
}

/** Whether Celery's worker waits for tasks; one that has just started does so after a moment. */
async function takesTasks({ lab, number }: Slot): Promise<boolean> {
  const ask = `redis-cli client list | grep -q "db=${number} .*cmd=brpop"`;
  const script = `for i in $(seq 150); do ${ask} && exit; sleep 0.1; done; exit 1`;
  return (await lab.sh(script)).exitCode === 0;
}

/** The number that the files say, or how they are neither as before nor as after the change. */
function readDeclared(slot: Slot, { unit, from, to, where }: Scenario): number | string {
  const before = unit(slot);
  const now = readFileSync(slot.lab.path(slot.unitPath), 'utf8');
  const dropIn = slot.lab.path(`${slot.unitPath}.d`);
  if (where === 'unit') {
    if (existsSync(dropIn)) return `${dropIn} was left`;
    for (const count of [from, to]) {
      if (now === before.replace(/--workers \d|-c \d/, (old) => old.replace(/\d/, `${count}`)))
        return count;
    }
    return `the unit is neither as before nor as after: ${now}`;
  }
  if (now !== before) return `the unit is not as it was: ${now}`;
  if (!existsSync(dropIn)) return from;
  if (where === 'environment') {
    const found = readdirSync(dropIn).sort().join(' ');
    if (found !== '50-autoscaler.conf 50-autoscaler.env') return found;
    const text = readFileSync(`${dropIn}/50-autoscaler.env`, 'utf8');
    return text.endsWith(`\nWEB_CONCURRENCY=${to}\n`) ? to : text;
  }
  if (readdirSync(dropIn).join(' ') !== '50-autoscaler.conf') return readdirSync(dropIn).join(' ');
  const text = readFileSync(`${dropIn}/50-autoscaler.conf`, 'utf8');
  return text.includes(`--workers ${to} `) || text.includes(`WEB_CONCURRENCY=${to}`) ? to : text;
}

/** The journal holds no open change, and the history each ended one exactly once; `before`: those of the setup. */
function findRecordFaults(
  { lab, backups, state }: Slot,
  isChanged: boolean,
  before: number,
): string[] {
  const faults: string[] = [];
  const changes = lab.path(`${backups}/changes`);
  const ended: string[] = [];
  for (const name of existsSync(changes) ? readdirSync(changes).sort() : []) {
    if (!/^\d+-[^/]*\.service$/.test(name)) {
      faults.push(`left in the journal: ${name}`);
      continue;
    }
    const text = readFileSync(`${changes}/${name}/manifest.json`, 'utf8');
    const { id, outcome } = JSON.parse(text) as { id: string; outcome: { result: string } };
    ended.push(`${id} ${outcome.result}`);
    const extra = readdirSync(`${changes}/${name}`).filter((file) => file.endsWith('.tmp'));
    if (extra.length > 0) faults.push(`left in the journal: ${name}/${extra.join(' ')}`);
  }
  const history = lab.path(`${state}/history.jsonl`);
  const lines = existsSync(history) ? readFileSync(history, 'utf8').trim().split('\n') : [];
  const noted = lines
    .map((line) => JSON.parse(line) as { kind: string; change?: string; result?: string })
    .filter(({ kind }) => kind === 'action')
    .map(({ change, result }) => `${change} ${result}`);
  if (noted.join() !== ended.join()) {
    faults.push(`journal: ${ended.join(', ')}; history: ${noted.join(', ')}`);
  }
  if (isChanged !== (ended.slice(before).at(-1)?.endsWith(' applied') === true)) {
    faults.push(`${isChanged ? 'changed' : 'not changed'}, but the journal says ${ended.join()}`);
  }
  return faults;
}

/** Those for the unit of this slot: others are at work beside it. */
function temporaries({ lab, unitPath }: Slot): string[] {
  const head = `.autoscaler-${sha256(Buffer.from(unitPath)).slice(0, 8)}`;
  return readdirSync(lab.path(UNITS)).filter((name) => name.startsWith(head));
}
