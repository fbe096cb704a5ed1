import { celeryPorts, type CeleryPorts } from '../../src/kinds/celery/ports.ts';
import type { RemoteControl } from '../../src/kinds/celery/remote-control.ts';
import { gunicornPorts, type GunicornPorts } from '../../src/kinds/gunicorn/ports.ts';
import type { WorkerTree } from '../../src/kinds/ports.ts';
import { systemd } from '../../src/targets/systemd/index.ts';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ActDeps } from '../../src/act/ports.ts';
import type { Outcome, Plan } from '../../src/act/types.ts';
import type { KindName } from '../../src/model/types.ts';
import type { UnitState } from '../../src/model/unit-state.ts';

/** What a world keeps on disk, so that it outlives the process that acts in it. */
export interface WorldState {
  kind: KindName;
  active: boolean;
  /** the number that the last daemon-reload read */
  loaded: number | null;
  running: number;
  generation: number;
  /** with this number the service does not come up */
  brokenWith: number | null;
  /** Celery's main process got SIGTERM and still works for so many looks */
  drainLooks: number | null;
  restarts: number;
  /** whether the unit that is bound to the service (`BindsTo=`) is active: it goes down with it */
  bound: boolean;
  /** of a Celery pool: processes that cannot be ended now */
  busy: number;
  /** remote control is switched off */
  deaf: boolean;
  /** the queues that a Celery worker takes tasks from */
  consuming: string[];
  /** the tasks that it has taken and not begun; one begins with each look */
  taken: number;
}

export type How = 'splice' | 'drop_in' | 'both';

export const SERVICE = 'web.service';

/** The unit that every world starts with. */
export const UNIT = '# präzise\n[Service]\nExecStart=/usr/bin/run --workers 2 app\n';

/**
 * A folder with one unit file and a service that follows it as systemd would: a reload reads the
 * number from the file, a restart takes it over. For what the real systemd does see test/e2e.
 */
export class World {
  readonly root: string;
  readonly unitPath: string;
  readonly dropInPath: string;
  /** beside it, and named by it */
  readonly environmentPath: string;
  readonly backupDir: string;
  /** what the history would hold, of this process alone */
  readonly recorded: Outcome[] = [];
  readonly announced: string[] = [];

  readonly service: string;
  /** of its processes and their start times, so that those of several worlds differ */
  private readonly offset: number;

  constructor(
    root: string,
    { service = SERVICE, backupDir = join(root, 'backups'), offset = 0 } = {},
  ) {
    this.root = root;
    this.service = service;
    this.offset = offset;
    this.unitPath = join(root, 'units', service);
    this.dropInPath = join(root, 'units', `${service}.d`, '50-autoscaler.conf');
    this.environmentPath = this.dropInPath.replace('.conf', '.env');
    this.backupDir = backupDir;
  }

  create(state: Partial<WorldState> = {}): this {
    mkdirSync(join(this.root, 'units'), { recursive: true });
    writeFileSync(this.unitPath, UNIT, { mode: 0o640 });
    this.state = {
      ...{ kind: 'gunicorn', active: true, loaded: 2, running: 2, generation: 1 },
      ...{ brokenWith: null, drainLooks: null, restarts: 0, busy: 0, deaf: false },
      bound: state.active !== false,
      ...{ consuming: ['celery', 'mail'], taken: 0 },
      ...state,
    };
    return this;
  }

  get state(): WorldState {
    return JSON.parse(readFileSync(join(this.root, 'world.json'), 'utf8')) as WorldState;
  }

  set state(state: WorldState) {
    writeFileSync(join(this.root, 'world.json'), JSON.stringify(state));
  }

  update(news: Partial<WorldState>): void {
    this.state = { ...this.state, ...news };
  }

  /** the number that the files declare: the drop-in wins, and what it names where that is there */
  declared(): number | null {
    const named = readText(this.dropInPath).includes('EnvironmentFile')
      ? [this.environmentPath]
      : [];
    for (const path of [...named, this.dropInPath, this.unitPath]) {
      const found = /--workers (\d+)/.exec(readText(path));
      if (found !== null) return Number(found[1]);
    }
    return null;
  }

  /** a plan from 2 to `to` workers, in the unit itself, by a drop-in, or by one that names an environment file */
  plan(to: number, how: How = 'splice'): Plan {
    const { kind } = this.state;
    const number = `# --workers ${to}\n`;
    const after = UNIT.replace('workers 2', `workers ${to}`);
    const files = {
      splice: [{ path: this.unitPath, before: UNIT, after }],
      drop_in: [{ path: this.dropInPath, before: null, after: number }],
      both: [
        { path: this.environmentPath, before: null, after: number },
        { path: this.dropInPath, before: null, after: '# EnvironmentFile\n' },
      ],
    }[how];
    return {
      ...{ service: this.service, project: 'web', kind, action: 'scale_up', from: 2, to },
      ...{
        files,
        apply: 'restart',
        resize: 'restart',
        obstacle: null,
        barrier: null,
        also: [],
        countable: true,
        undoes: [],
        folders: [],
        reasons: [],
      },
      reason: 'cpu 90 % > 80 %',
    };
  }

  deps(step: (name: string) => void = () => undefined): ActDeps {
    let clock = 0;
    return {
      backupDir: this.backupDir,
      target: {
        readStates: () => Promise.resolve(this.unitStates()),
        readConcerned: () =>
          Promise.resolve(
            new Map([
              [this.service, { touches: new Set([this.service, this.bound]), owner: 'root' }],
            ]),
          ),
        enforce: () => Promise.resolve(this.update({ loaded: this.declared() })),
        restart: () => Promise.resolve(this.start()),
        start: () => Promise.resolve(this.state.active ? undefined : this.start()),
        resetFailed: () => Promise.resolve(),
        bringBack: () => Promise.resolve(this.update({ bound: this.state.active })),
        readConcurrency: () => Promise.resolve(null),
        runApart: () => Promise.resolve({ unknown: 'nothing is run here' }),
        verify: systemd.verify,
        tellRestarting: systemd.tellRestarting,
      },
      bootMs: () => Promise.resolve(20_000),
      brokerOf: () => ({ url: 'redis://broker/0', options: undefined, ssl: undefined }),
      ports: new Map<unknown, unknown>([
        [gunicornPorts, this.gunicorn()],
        [celeryPorts, this.celery()],
      ]),
      readServed: () => Promise.resolve([{ address: '127.0.0.1:8000', fault: null }]),
      announce: (_, sentence) => this.announced.push(sentence),
      drainTimeoutMs: () => Infinity,
      findWorkerTree: () => Promise.resolve(this.tree()),
      processes: {
        isAlive: ({ startTicks }) => this.isMainAlive(startTicks),
        terminate: () => {
          this.update({ drainLooks: this.state.drainLooks ?? 3 });
          return true;
        },
        startTicks: (pid) => pid,
        kill: () => true,
      },
      bootId: () => 'boot',
      now: () => new Date('2026-11-24T04:04:15Z'),
      monotonicMs: () => clock,
      sleep: (ms) => Promise.resolve(void (clock += ms)),
      step,
      record: (outcome) => this.recorded.push(outcome),
      interruptedMs: () => null,
      getsOn: () => undefined,
      readOomKills: () => null,
      waitsFor: () => undefined,
      mayLeave: () => false,
      timing: {
        ...{ verifyMs: 5000, settleMs: 1000, pollMs: 500, drainMs: 10_000 },
        ...{ livePollMs: 50, stillMs: 500, stillLimitMs: 5000, reactMs: 2000, leaveMs: 2000 },
        ...{ slowPollMs: 500, hurryMs: 4000 },
      },
    };
  }

  private gunicorn(): GunicornPorts {
    return {
      hasBooted: () => null,
      mayRecycle: () => Promise.resolve(false),
      findLoadFault: () => Promise.resolve(null),
      signalMaster: (_master, _group, signal) => {
        this.update({ running: this.state.running + (signal === 'SIGTTIN' ? 1 : -1) });
        return 'sent';
      },
      withdraw: () => {
        this.update({ running: this.state.running - 1 });
        return Promise.resolve('withdrawn');
      },
    };
  }

  private celery(): CeleryPorts {
    return {
      control: this.control(),
      readIdle: (_main, pids) =>
        new Map(pids.slice(this.state.busy).map((pid) => [pid, String(this.state.generation)])),
    };
  }

  /** a Celery worker that has as many busy processes as its state says */
  private control(): RemoteControl {
    return {
      nodeOf: () => 'celery@host',
      ask: (_service, _node, { method, arguments: args }) => {
        const { generation, running, busy, deaf, consuming, taken } = this.state;
        const answer = (reply: unknown) => Promise.resolve({ replies: [reply] });
        if (deaf) return Promise.resolve({ replies: [] });
        if (method === 'stats') return answer({ pid: this.offset + generation });
        if (method === 'ping') return answer({ ok: 'pong' });
        if (method === 'active_queues') return answer(consuming.map((name) => ({ name })));
        if (method === 'cancel_consumer') {
          this.update({ consuming: consuming.filter((name) => name !== args['queue']) });
          return answer({ ok: 'no longer consuming' });
        }
        if (method === 'reserved') {
          this.update({ taken: Math.max(0, taken - 1) });
          return answer(Array.from({ length: taken }, (_, id) => ({ id })));
        }
        const n = Number(args['n'] ?? 0);
        const floor = method === 'pool_shrink' ? busy : 0;
        const next = method === 'pool_grow' ? running + n : Math.max(running - n, floor);
        this.update({ running: next });
        const isDone = Math.abs(next - running) === n;
        return answer(isDone ? { ok: 'pool will change' } : { error: 'All processes busy!' });
      },
    };
  }

  private start(): void {
    const { loaded, generation, brokenWith, restarts, bound } = this.state;
    const up = loaded !== brokenWith;
    this.update({
      ...{ active: up, running: up ? (loaded ?? 0) : 0, drainLooks: null, bound: bound && up },
      ...{ generation: generation + 1, restarts: restarts + 1, consuming: ['celery', 'mail'] },
    });
  }

  private isMainAlive(startTicks: number): boolean {
    const { generation, active, drainLooks } = this.state;
    if (!active || startTicks !== this.offset + generation) return false;
    if (drainLooks === null) return true;
    if (drainLooks > 0) this.update({ drainLooks: drainLooks - 1 });
    else this.update({ active: false, running: 0, bound: false });
    return drainLooks > 0;
  }

  private tree(): WorkerTree {
    const { generation, running } = this.state;
    const main = this.offset + generation;
    const first = this.offset + generation * 1000;
    const workerPids = Array.from({ length: running }, (_, index) => first + index);
    return { kind: this.state.kind, masterPid: main, masterStartTicks: main, workerPids };
  }

  /** the unit that is bound to the service */
  get bound(): string {
    return `bound-${this.service}`;
  }

  private unitStates(): Map<string, UnitState> {
    const own = this.unitState();
    const activeState = this.state.bound ? 'active' : 'inactive';
    const bound = { ...own, unit: this.bound, id: this.bound, activeState, mainStartUs: 1 };
    return new Map([own, bound].map((unit) => [unit.unit, unit]));
  }

  private unitState(): UnitState {
    const { active, generation } = this.state;
    const main = this.offset + generation;
    return {
      ...{
        unit: this.service,
        id: this.service,
        loadState: 'loaded',
        loadError: null,
        type: 'simple',
      },
      ...{ activeState: active ? 'active' : 'failed', subState: active ? 'running' : 'failed' },
      ...{ unitFileState: 'enabled', mainPid: active ? main : null, controlGroup: '/web' },
      ...{ cpuQuotaCores: null, memoryMaxBytes: null, memoryHighBytes: null },
      ...{ fragmentPath: this.unitPath, dropInPaths: [], environmentFiles: [], nRestarts: 0 },
      ...{ workingDirectory: null, mainStartUs: main, needDaemonReload: false, result: null },
      ...{ hasPatterns: false, cpuUsageNs: null, invocationId: null },
    };
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
