import type { FileChange } from '../../src/model/change.ts';
import type { UnitState } from '../../src/model/unit-state.ts';
import { writeUserFile } from '../../src/host/files/write.ts';
import { TARGETS } from '../../src/targets/registry.ts';
import type { Target } from '../../src/targets/target.ts';

/** What a target is asked about. */
export interface StoryOf {
  target: string;
  /** a service that runs workers as processes, and its number */
  service: string;
  /** another name of it */
  alias: string;
  /** a name that the target could know, and does not */
  absent: string;
  /** names that it could never know */
  nonsense: string[];
}

/**
 * What a target does with one service from its discovery to the end of a change that is taken back, as data: see
 * test/contract/target.ts for what it must be. Runs where the services are, as root; it edits their files.
 */
export async function tellStory({ target: name, ...of }: StoryOf) {
  const target = TARGETS.find((each) => each.name === name)!;
  const { service, alias, absent, nonsense } = of;
  const read = async (one: string): Promise<UnitState> =>
    (await target.readStates([one])).get(one)!;
  const first = await read(service);
  const found = await target.find();
  const states = {
    first,
    alias: await read(alias),
    beside: (await target.readStatesBeside([service])).get(service),
    absent: (await target.readStates([absent, ...nonsense])).get(absent),
  };
  const located = await locate(target, first);
  const planned = await plan(target, first);
  const before = planned.files.map(({ before: text }) => text);
  const concerned = (await target.readConcerned([service])).get(service);
  const restart = {
    barrier: await target.findBarrier(first, [], false),
    touches: [...(concerned?.touches ?? [])],
    owner: concerned?.owner,
  };
  await write(target, planned.files);
  const enforced = await read(service);
  await target.restart(service);
  const changed = await read(service);
  const applied = {
    isSameProcess: enforced.mainStartUs === first.mainStartUs,
    isReloaded: !enforced.needDaemonReload,
    isNewProcess: changed.mainStartUs !== first.mainStartUs,
    located: await locate(target, changed),
    isAgain: (await plan(target, changed)).files.length,
    fault: target.verify(changed, true),
    restarting: target.tellRestarting(changed),
    restartedSince: target.tellRestarting(changed, first),
  };
  const back = planned.files.map(({ path, before: was, after }) => ({
    ...{ path, before: after, after: was },
  }));
  const foreseen = (await target.locateAfter(changed))(back, []);
  await write(target, back);
  await target.resetFailed(service);
  await target.restart(service);
  const last = await read(service);
  const undone = {
    foreseen,
    located: await locate(target, last),
    isAsBefore:
      (await plan(target, last)).files.map(({ before: text }) => text).join() === before.join(),
    fault: target.verify(last, true),
  };
  const gone = { fault: target.verify(states.absent!, true) };
  const apart = await target.runApart({
    ...{ service, likePid: last.mainPid!, input: 'one two\n', limitMs: 10_000 },
    argv: ['/bin/sh', '-c', 'echo begun; read -r word rest; echo "$rest" >&2; exit 3'],
  });
  return { found, states, located, planned, restart, applied, undone, gone, apart };
}

async function locate(target: Target, service: UnitState) {
  const declared = await target.locate(service);
  const memory = target.remember();
  const facts = await memory.readFacts(service);
  const kept = target.remember(JSON.parse(JSON.stringify(memory.units)) as typeof memory.units);
  const again = await kept.readFacts(service);
  const known = memory.units[service.unit];
  return {
    ...{ location: declared.location(), command: declared.command(), facts, again },
    isCurrent: known === undefined || target.isCurrent(known),
  };
}

async function plan(target: Target, service: UnitState) {
  const location = (await target.locate(service)).location();
  if (location.how === 'refused') throw new Error(location.message);
  const wanted = {
    edit: 'in-place',
    mayReload: true,
    countRunning: () => Promise.resolve(null),
  } as const;
  const same = await target.plan(service, { ...wanted, to: location.workers });
  const planned = await target.plan(service, { ...wanted, to: TO });
  if ('how' in planned || 'how' in same) throw new Error(JSON.stringify(planned));
  const { kind, pool, from, files, note } = planned;
  return { kind, pool, from, files, note, same: same.files };
}

/** The number of the change. */
export const TO = 3;

async function write(target: Target, files: readonly FileChange[]): Promise<void> {
  const bytes = (text: string | null): Buffer | null => (text === null ? null : Buffer.from(text));
  for (const { path, before, after } of files)
    writeUserFile({ path, before: bytes(before), after: bytes(after) }, () => undefined);
  await target.enforce();
}
