import type { KindActions } from './actions.ts';
import type { Concurrency, WorkerClass } from './shared/concurrency.ts';
import type { MeasureBusyness, MeasureDrain } from './load.ts';
import type { Candidate, Reasons, Room } from './shared/proposal.ts';
import type { Process } from '../host/proc/proc.ts';
import type { MeasureError } from '../model/measure-error.ts';
import type { KindName } from '../model/types.ts';
import type { Word } from './command/chars.ts';
import type { CommandRole, Context } from './command/program.ts';
import type { Refusal } from './command/source.ts';
import type { Reading } from './command/reading.ts';

/**
 * What a service runs. Everything that differs between kinds is a member here, so that the compiler asks a new kind for
 * it; nothing outside this folder compares a kind's name. The part that acts is loaded when it is needed; everything else
 * is pure, or reads /proc.
 */
export interface Kind {
  /** as the config has it in "kind" */
  name: KindName;
  words: KindWords;
  command: CommandReader;
  processes: ProcessReader;
  pool: PoolRules;
  /** what its workers do: answer requests on sockets, which a restart cuts, or tasks from the queues of a broker */
  serves: 'requests' | 'tasks';
  load: LoadReader;
  proposals: Proposals;
  actions: () => Promise<KindActions>;
}

/** What people call it. */
export interface KindWords {
  /** the program: `Gunicorn` */
  label: string;
  /** what a unit runs: `Gunicorn`, `a Celery worker` */
  service: string;
  /** its main process: `the main process of Celery` */
  main: string;
  /** the same, if it is clear that a process is meant: `a Celery worker` */
  process: string;
  /** what is written in a shell: `celery worker` */
  command: string;
  /** an option with a number: `--workers 3` */
  option: string;
  /** what happens to surplus workers after the number was lowered: `still finishing requests` */
  surplus: string;
}

/** The rules for the workers of a kind. */
export interface PoolRules {
  /** whether its workers are processes that can be counted; `pool`: as the command has it, null is the default */
  isCountable: (pool: string | null) => boolean;
  /** why a running pool without any process cannot be counted; null: it has none at this moment */
  whyEmpty: string | null;
  /** workers may end and be replaced at any moment: that is not a fault, and a single look may miss some */
  comeAndGo: boolean;
  /** a restart lets it end by itself when its tasks are done, and then starts it */
  isDrained: boolean;
  /** what a restart may do to a service whose broker is unknown, and what helps; null: an unknown broker does not matter */
  restartRisk: { evidence: string; remedy: string } | null;
  /** why the running pool cannot be changed without a restart, as far as that is known beforehand; null: no reason is known */
  findObstacle: (of: { pool: string | null; hasBroker: boolean }) => string | null;
  /** whether a failed healing of drift is taken back, or the service is only proved to serve */
  isHealUndone: (from: number, to: number) => boolean;
}

/** What can be seen of the work of running workers. */
export interface LoadReader {
  /** how busy workers are that answer requests, loaded when it is needed; null: they take no connections */
  busyness: (() => Promise<MeasureBusyness>) | null;
  /** how many tasks run at this moment; null: workers of this kind run no tasks */
  countTasks: ((masterPid: number, workerPids: readonly number[]) => number | MeasureError) | null;
  /** how fast the tasks of its queues are done, loaded when it is needed; null: workers of this kind run no tasks */
  drain: (() => Promise<MeasureDrain>) | null;
  /** how many requests each of its workers serves at once, by its command; null: workers of this kind answer no requests */
  classOf: ((concurrency: Concurrency) => WorkerClass) | null;
}

/** What `init` proposes for a service of this kind; pure. */
export interface Proposals {
  survey: (found: Found) => Surveyed;
  /** as many as a host with this number of processors can be expected to need */
  mostWorkers: (cores: number) => number;
  leastWorkers: (candidate: Candidate) => number;
  /** why the least is more than one, as a comment in the config, and to follow `as`; null: one is always enough */
  whyLeast: { config: string; report: string } | null;
  /** what it should go by, and the thresholds */
  proposeReasons: (candidate: Candidate, room: Room) => Reasons;
  /** it takes its tasks from a broker, which is not known */
  lacksBroker: (candidate: Candidate) => boolean;
}

/** What was found of a service. */
export interface Found {
  /** its command: as the unit has it, and as it runs */
  words: readonly string[];
  argv: readonly string[];
  variables: ReadonlyMap<string, string>;
  pool: string | null;
  concurrency: Concurrency | null;
  /** false: it runs, and none of its processes is a worker */
  hasWorkers: boolean;
  /** what broker it is probably connected to */
  guessBroker: () => string | null;
}

/** What a kind concludes about a candidate from that. */
export type Surveyed = Pick<
  Candidate,
  'workerClass' | 'bind' | 'broker' | 'guess' | 'queues' | 'showsTasks'
>;

/** Reads the command of a unit, character by character; pure. May throw `TooMuch`. */
export interface CommandReader {
  /** what an executable, or a module of `python -m`, is by its name: its own program, one that only accompanies it, or neither */
  named: (name: string, isModule: boolean) => 'own' | 'aside' | null;
  /**
   * The words from its own name on, if a project's own command passes them on (`airflow celery worker`); null: it does not.
   * `isManage`: the command is Django's manage.py, whose subcommand is known to be that.
   */
  handedOn: (argv: Word[], isManage: boolean) => Word[] | null;
  /** the role of a command that begins with its own name */
  role: (argv: Word[]) => CommandRole;
  /** what such a command says of its number of workers; `cpus`: processors of the host */
  read: (argv: Word[], context: Context, cpus: number) => Reading;
  /** the same for a project's own program that the config declares to be of this kind */
  readOwn: (own: Word[], context: Context, cpus: number) => Reading;
  /** the queues that a command takes tasks from, by its own options; null: it does not say */
  findQueues: (words: readonly string[]) => string[] | null;
  /** for a refusal: what its programs with the role `aside` are, and which unit is meant; null: there are none */
  aside: { code: Refusal['code']; are: string; hint: string } | null;
  /** how the unit can set the number where a file that the command names may do so */
  setInUnit: string;
}

/** A command line; if a process has set a title instead, that is its only word. */
export interface CommandLine {
  argv: readonly string[];
  title: string;
  /** the base name of Python's script or module; null: it is not Python */
  script: string | null;
  /** the words after the script, or after the program */
  args: readonly string[];
}

/** What a process's own command line says about it. */
export interface Program {
  kind: KindName;
  /** Celery's `-P`; null: the default, or Gunicorn */
  pool: string | null;
  /** Celery's `-B`: the scheduler runs as one more child */
  embeddedBeat: boolean;
}

/** A main process. */
export interface Master {
  process: Process;
  program: Program;
}

/** Finds the child of the main process that is not a worker; a test may supply another function. */
export type FindAside = (
  forks: readonly Process[],
  master: Process,
  processes: ReadonlyMap<number, Process>,
) => Process | null;

/** Tells the processes of a service apart. */
export interface ProcessReader {
  /** null: it is not the main process of a service of this kind */
  recognise: (line: CommandLine) => Program | null;
  /** for the main process of a service that the config declares to be of this kind */
  declare: (line: CommandLine) => Program;
  /** what a child of the main process is by its title */
  titled: (title: string) => 'worker' | 'aside' | null;
  /** among children of the main process that look like workers, the one that is not a worker; null: there is none */
  findAside: FindAside;
  /** those of the forks of the main process that are workers, or why that cannot be determined now */
  selectWorkers: (forks: Process[], program: Program) => Process[] | { error: string };
  /** a sentence saying that its main process has started a second one, as in an upgrade; null: it has not */
  tellUpgrade: (master: Process, processes: ReadonlyMap<number, Process>) => string | null;
}
