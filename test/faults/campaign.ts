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

interface Case {
  fault: string;
  what: string;
}

/**
 * Finds the system calls of each road of a change by making it, then makes it again and again with one
 * fault each: killed right before the call, and the call refused with ENOSPC and with EIO where it can be.
 * After each, the next run must leave all consistent. `every`: one in so many faults, from the first on.
 */
export async function runCampaign(
  options: { every: number; slots: number; scenarios?: string },
  say: (line: string) => void,
): Promise<Tally[]> {
  const lab = await startLab();
  try {
    await installUnit(lab, 'lab-redis.service', redisUnit());
    const slots = await Promise.all(
      Array.from({ length: options.slots }, (_, index) => makeSlot(lab, index)),
    );
    const tallies: Tally[] = [];
    let offset = 0;
    for (const scenario of SCENARIOS) {
      if (!scenario.name.includes(options.scenarios ?? '')) continue;
      const tally = await runScenario(scenario, slots, { every: options.every, offset }, say);
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
  { every, offset }: { every: number; offset: number },
  say: (line: string) => void,
): Promise<Tally> {
  const [first] = slots;
  if (first === undefined) throw new Error('no slot');
  await resetSlot(first, scenario);
  const whole = await runWithFault(first, scenario, 'none');
  const expected = scenario.fails === true ? 1 : 0;
  const faults = await findFaults(first, scenario);
  if (whole.result.exitCode !== expected || faults.length > 0) {
    throw new Error(
      `${scenario.name}, without a fault: ${faults.join('; ')} ${whole.result.stderr}`,
    );
  }
  const all = whole.calls.flatMap(toCases);
  const cases = all.filter((_, index) => (index + offset) % every === 0);
  const tally: Tally = {
    ...{ scenario: scenario.name, calls: whole.calls.length },
    ...{ injected: 0, survived: 0, failures: [] },
  };
  const work = cases.values();
  await Promise.all(
    slots.map(async (slot) => {
      for (const each of work) {
        const failures = await tryFault(slot, scenario, each);
        tally.injected += 1;
        if (failures.length === 0) tally.survived += 1;
        else {
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

/** O_WRONLY, O_RDWR, O_CREAT */
const WRITING = 0o1 | 0o2 | 0o100;
const NEEDS_ROOM = /^(write|pwrite64|writev|copy_file_range|fsync|rename|link|mkdir)/;

/** Only what can use room on a disk can lack it. */
function toCases([number, call, ...paths]: Call): Case[] {
  const flags = paths.at(-1);
  const needsRoom =
    NEEDS_ROOM.test(call) ||
    (call.startsWith('open') && typeof flags === 'number' && (flags & WRITING) !== 0);
  const errors = ['KILL', 'EIO', ...(needsRoom ? ['ENOSPC'] : [])];
  return errors.map((error) => ({
    fault: `${number}:${error}`,
    what: `${error} at call ${number}, ${call} ${paths.join(' ')}`,
  }));
}

async function tryFault(slot: Slot, scenario: Scenario, { fault }: Case): Promise<string[]> {
  try {
    await resetSlot(slot, scenario);
    const { result } = await runWithFault(slot, scenario, fault);
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
