import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { startLab } from '../lab/lab.ts';
import { installUnit, redisUnit } from '../lab/services.ts';
import { SCENARIOS } from './scenarios.ts';
import {
  findFaults,
  makeSlot,
  resetSlot,
  runNext,
  runWithFault,
  type Call,
  type Scenario,
  type Slot,
} from './slot.ts';

/** What was tried in one scenario. */
export interface Tally {
  scenario: string;
  /** system calls of the change */
  calls: number;
  injected: number;
  survived: number;
  /** what the faults left behind, for those that were not survived */
  failures: string[];
}

export interface Options {
  /** one in so many faults, from the first on */
  every: number;
  /** how many at once */
  slots: number;
  /** of which scenarios; default: of all */
  isWanted?: (name: string) => boolean;
  /** a file that notes each fault and whether it was survived; those that it knows as survived are not tried again */
  notes?: string;
}

interface Case {
  fault: string;
  what: string;
}

/**
 * Finds the system calls of each road of a change by making it, then makes it again and again with one
 * fault each: killed right before the call, and the call refused with ENOSPC and with EIO (a signal with EPERM, a
 * connection with ECONNREFUSED, a message with EPIPE) where it can be. After each, the next run must leave all
 * consistent.
 */
export async function runCampaign(options: Options, say: (line: string) => void): Promise<Tally[]> {
  const lab = await startLab();
  try {
    await installUnit(lab, 'lab-redis.service', redisUnit());
    const slots = Array.from({ length: options.slots }, (_, index) => makeSlot(lab, index));
    const tallies: Tally[] = [];
    let offset = 0;
    for (const scenario of SCENARIOS) {
      if (options.isWanted?.(scenario.name) === false) continue;
      const tally = await runScenario(scenario, slots, { ...options, offset }, say);
      offset += 1;
      tallies.push(tally);
    }
    return tallies;
  } finally {
    await lab.stop();
  }
}

async function runScenario(
  scenario: Scenario,
  slots: readonly Slot[],
  { every, offset, notes }: Options & { offset: number },
  say: (line: string) => void,
): Promise<Tally> {
  const [first] = slots;
  if (first === undefined) throw new Error('no slot');
  const prepare = await findPrepare(first, scenario);
  await prepare(first);
  const whole = await runWithFault(first, scenario.command(first), 'none');
  const expected = scenario.fails === true ? 1 : 0;
  const faults = await findFaults(first, scenario);
  if (whole.result.exitCode !== expected || faults.length > 0) {
    throw new Error(
      `${scenario.name}, without a fault: ${faults.join('; ')} ${whole.result.stderr}`,
    );
  }
  const { stdout } = whole.result;
  if (
    scenario.live === true &&
    scenario.killed === undefined &&
    !stdout.includes('without a restart')
  ) {
    throw new Error(`${scenario.name}: it was restarted: ${stdout}${whole.result.stderr}`);
  }
  const all = whole.calls.flatMap(toCases);
  const cases = all.filter((_, index) => (index + offset) % every === 0);
  const tally: Tally = {
    ...{ scenario: scenario.name, calls: whole.calls.length },
    ...{ injected: 0, survived: 0, failures: [] },
  };
  const survived = new Set(readNotes(notes));
  const work = cases.values();
  await Promise.all(
    slots.map(async (slot) => {
      for (const each of work) {
        const isKnown = survived.has(`${scenario.name}: ${each.fault}`);
        let failures = isKnown ? [] : await tryFault(slot, scenario, each, prepare);
        // a systemd that gets no time on a busy machine proves nothing
        for (let tries = 0; tries < 3 && STARVED.test(failures.join()); tries++) {
          failures = await tryFault(slot, scenario, each, prepare);
        }
        tally.injected += 1;
        if (failures.length === 0) {
          tally.survived += 1;
          if (notes !== undefined && !isKnown)
            appendFileSync(notes, `${scenario.name}: ${each.fault}\n`);
        } else {
          tally.failures.push(`${each.what}: ${failures.join('; ')}`);
          say(`${scenario.name}: NOT SURVIVED: ${tally.failures.at(-1)}`);
        }
      }
    }),
  );
  say(
    `${scenario.name}: ${tally.calls} calls, ${tally.injected} of ${all.length} faults injected, ${tally.survived} survived`,
  );
  return tally;
}

function readNotes(path: string | undefined): string[] {
  return path !== undefined && existsSync(path) ? readFileSync(path, 'utf8').split('\n') : [];
}

/** How a slot is brought to where the scenario's command begins: for some, to a change that was killed. */
async function findPrepare(
  first: Slot,
  scenario: Scenario,
): Promise<(slot: Slot) => Promise<void>> {
  const { killed } = scenario;
  if (killed === undefined) return (slot) => resetSlot(slot, scenario);
  await resetSlot(first, scenario);
  const { calls } = await runWithFault(first, killed.command(first), 'none');
  const index = calls.findIndex((call, at) => killed.at(call, calls.slice(0, at)));
  if (index === -1) throw new Error(`${scenario.name}: no such call among ${calls.length}`);
  return async (slot) => {
    await resetSlot(slot, scenario);
    const { result } = await runWithFault(slot, killed.command(slot), `${index + 1}:KILL`);
    if (result.exitCode === 0) throw new Error(`it was to be killed at call ${index + 1}`);
  };
}

const STARVED = /systemctl \S+: no answer within/;

/** O_WRONLY, O_RDWR, O_CREAT */
const WRITING = 0o1 | 0o2 | 0o100;
const NEEDS_ROOM = /^(write|pwrite64|writev|copy_file_range|fsync|rename|link|mkdir)/;

/** Only what can use room on a disk can lack it. */
function toCases([number, call, ...paths]: Call): Case[] {
  const flags = paths.at(-1);
  const needsRoom =
    (NEEDS_ROOM.test(call) && !String(paths[0]).startsWith('socket:')) ||
    (call.startsWith('open') && typeof flags === 'number' && (flags & WRITING) !== 0);
  const errors = ['KILL', errorOf(call, paths), ...(needsRoom ? ['ENOSPC'] : [])];
  return errors.map((error) => ({
    fault: `${number}:${error}`,
    what: `${error} at call ${number}, ${call} ${paths.join(' ')}`,
  }));
}

/** The error that is nobody's fault but the host's. */
function errorOf(call: string, [path]: (string | number)[]): string {
  if (call === 'kill') return 'EPERM';
  if (call === 'connect') return 'ECONNREFUSED';
  return String(path).startsWith('socket:') ? 'EPIPE' : 'EIO';
}

async function tryFault(
  slot: Slot,
  scenario: Scenario,
  { fault }: Case,
  prepare: (slot: Slot) => Promise<void>,
): Promise<string[]> {
  try {
    await prepare(slot);
    const { result } = await runWithFault(slot, scenario.command(slot), fault);
    const next = await runNext(slot);
    const failures = await findFaults(slot, scenario);
    for (const { stdout, stderr } of [result, next]) {
      if (/this is a bug/.test(stderr)) failures.push(stdout + stderr);
    }
    if (next.exitCode !== 0) failures.push(`the next run: ${next.exitCode} ${next.stderr}`);
    return failures.length === 0
      ? []
      : [...failures, `first: ${result.exitCode} ${result.stdout}${result.stderr}`];
  } catch (error) {
    return [(error as Error).message];
  }
}
