import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { applyPlan } from '../../src/act/apply.ts';
import { openSideBySide } from '../../src/act/side-by-side.ts';
import type { ActDeps } from '../../src/act/ports.ts';
import type { Outcome } from '../../src/act/types.ts';
import { openRecord } from '../../src/commands/run/record.ts';
import type { Scenario } from './scenarios.ts';
import { World } from './world.ts';

const PIDS = 1_000_000;

/** Several worlds on one host: one journal, one history, one daemon-reload for all, and changes side by side. */
export class Worlds {
  readonly all: World[];
  private readonly root: string;
  private readonly scenarios: readonly Scenario[];

  constructor(root: string, scenarios: readonly Scenario[]) {
    this.root = root;
    this.scenarios = scenarios;
    const backupDir = join(root, 'backups');
    this.all = scenarios.map((_, index) => {
      const service = `web${index}.service`;
      return new World(join(root, service), { service, backupDir, offset: (index + 1) * PIDS });
    });
  }

  create(): this {
    mkdirSync(join(this.root, 'state'), { mode: 0o750 });
    for (const [index, world] of this.all.entries()) world.create(this.scenarios[index]?.state);
    return this;
  }

  /** The changes in the history, with their results, in the order in which they ended. */
  readHistory(): string[] {
    const path = join(this.root, 'state', 'history.jsonl');
    const lines = existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : [];
    return lines
      .map((line) => JSON.parse(line) as { change: string; result: string })
      .map(({ change, result }) => `${change} ${result}`);
  }

  /** Makes all changes side by side. */
  async apply(deps: ActDeps): Promise<Outcome[]> {
    const beside = openSideBySide();
    const outcomes = this.all.map((world, index) => {
      const { to, how } = this.scenarios[index]!;
      return beside.add({
        unit: world.service,
        work: (getsOn) => applyPlan(world.plan(to, how), { ...deps, getsOn }),
      });
    });
    return Promise.all(outcomes);
  }

  deps(step: (name: string) => void = () => undefined): ActDeps {
    const each = new Map(this.all.map((world) => [world.service, world.deps(step)]));
    const [first] = each.values();
    const of = (unit: string): ActDeps => each.get(unit.replace('bound-', ''))!;
    const byPid = (pid: number): ActDeps => [...each.values()][Math.floor(pid / PIDS) - 1]!;
    const clock = new Clock();
    return {
      ...first!,
      systemd: {
        readUnits: async (names) => {
          const maps = await Promise.all(names.map((name) => of(name).systemd.readUnits([name])));
          return new Map(maps.flatMap((map) => [...map]));
        },
        readPropagation: async (services) => {
          const maps = await Promise.all(
            services.map((service) => of(service).systemd.readPropagation([service])),
          );
          return new Map(maps.flatMap((map) => [...map]));
        },
        daemonReload: async () => {
          for (const { systemd } of each.values()) await systemd.daemonReload();
        },
        restartUnit: (unit) => of(unit).systemd.restartUnit(unit),
        startUnit: (unit) => of(unit).systemd.startUnit(unit),
        resetFailedUnit: (unit) => of(unit).systemd.resetFailedUnit(unit),
        bringBackUnit: (unit) => of(unit).systemd.bringBackUnit(unit),
      },
      findWorkerTree: (unit) => of(unit.unit).findWorkerTree(unit),
      readIdle: (main, pids) => byPid(main).readIdle(main, pids),
      processes: {
        isAlive: (process) => byPid(process.pid).processes.isAlive(process),
        terminate: (process, group) => byPid(process.pid).processes.terminate(process, group),
        signalMaster: (process, ...rest) =>
          byPid(process.pid).processes.signalMaster(process, ...rest),
        startTicks: (pid) => pid,
        kill: (process, group) => byPid(process.pid).processes.kill(process, group),
        withdraw: (process, ...rest) => byPid(process.pid).processes.withdraw(process, ...rest),
      },
      control: {
        nodeOf: (main) => `celery${Math.floor(main / PIDS)}@host`,
        hasBroker: () => true,
        ask: (service, ...rest) => of(service).control.ask(service, ...rest),
      },
      record: openRecord(join(this.root, 'state'), null),
      monotonicMs: () => clock.nowMs,
      sleep: (ms) => clock.sleep(ms),
    };
  }
}

/** Time that passes when somebody waits for it, for all who wait. */
class Clock {
  nowMs = 0;
  private readonly sleepers: { atMs: number; wake: () => void }[] = [];

  sleep(ms: number): Promise<void> {
    return new Promise((wake) => {
      this.sleepers.push({ atMs: this.nowMs + ms, wake });
      setImmediate(() => this.wakeNext());
    });
  }

  private wakeNext(): void {
    this.sleepers.sort((a, b) => a.atMs - b.atMs);
    const next = this.sleepers.shift();
    this.nowMs = Math.max(this.nowMs, next?.atMs ?? 0);
    next?.wake();
  }
}
