import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { applyPlan } from '../../src/act/apply.ts';
import { openSideBySide } from '../../src/act/side-by-side.ts';
import type { ActDeps } from '../../src/act/ports.ts';
import type { Outcome } from '../../src/act/types.ts';
import { openRecord } from '../../src/commands/run/record.ts';
import { celeryPorts, type CeleryPorts } from '../../src/kinds/celery/ports.ts';
import { gunicornPorts, type GunicornPorts } from '../../src/kinds/gunicorn/ports.ts';
import { portOf } from '../../src/kinds/shared/port-of.ts';
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
    const gunicorn: GunicornPorts = {
      ...portOf(gunicornPorts, first!),
      signalMaster: (process, ...rest) =>
        portOf(gunicornPorts, byPid(process.pid)).signalMaster(process, ...rest),
      withdraw: (process, ...rest) =>
        portOf(gunicornPorts, byPid(process.pid)).withdraw(process, ...rest),
    };
    const celery: CeleryPorts = {
      readIdle: (main, pids) => portOf(celeryPorts, byPid(main)).readIdle(main, pids),
      control: {
        nodeOf: (main) => `celery${Math.floor(main / PIDS)}@host`,
        ask: (service, ...rest) => portOf(celeryPorts, of(service)).control.ask(service, ...rest),
      },
    };
    return {
      ...first!,
      target: {
        ...first!.target,
        readStates: async (names) => {
          const maps = await Promise.all(names.map((name) => of(name).target.readStates([name])));
          return new Map(maps.flatMap((map) => [...map]));
        },
        readConcerned: async (services) => {
          const maps = await Promise.all(
            services.map((service) => of(service).target.readConcerned([service])),
          );
          return new Map(maps.flatMap((map) => [...map]));
        },
        enforce: async () => {
          for (const { target } of each.values()) await target.enforce();
        },
        restart: (unit) => of(unit).target.restart(unit),
        start: (unit) => of(unit).target.start(unit),
        resetFailed: (unit) => of(unit).target.resetFailed(unit),
        bringBack: (unit) => of(unit).target.bringBack(unit),
      },
      findWorkerTree: (unit) => of(unit.unit).findWorkerTree(unit),
      processes: {
        isAlive: (process) => byPid(process.pid).processes.isAlive(process),
        terminate: (process, group) => byPid(process.pid).processes.terminate(process, group),
        startTicks: (pid) => pid,
        kill: (process, group) => byPid(process.pid).processes.kill(process, group),
      },
      ports: new Map<unknown, unknown>([
        [gunicornPorts, gunicorn],
        [celeryPorts, celery],
      ]),
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
