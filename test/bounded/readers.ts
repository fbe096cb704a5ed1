import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { parseManifest } from '../../src/act/journal/manifest.ts';
import { checkConfig } from '../../src/config/file/check.ts';
import { maskUrl } from '../../src/config/file/mask.ts';
import { findBroker, findQueues } from '../../src/kinds/celery/find-broker.ts';
import { findBind } from '../../src/kinds/gunicorn/find-bind.ts';
import { guessBroker } from '../../src/queues/guess-broker.ts';
import { parsePressure } from '../../src/host/pressure.ts';
import {
  countByName,
  parseTcpHeld,
  parseTcpListeners,
  parseUnixHeld,
  parseUnixListeners,
} from '../../src/host/sockets/sockets.ts';
import { parseHistoryLine } from '../../src/state/history-lines.ts';
import { readLines } from '../../src/state/stream-lines.ts';
import { nodeNameOf } from '../../src/kinds/celery/node.ts';
import { parseStat } from '../../src/host/proc/stat.ts';
import { parseArgv } from '../../src/host/proc/proc.ts';
import { listAwaited } from '../../src/targets/systemd/pid-files.ts';
import { readProgram } from '../../src/kinds/program.ts';
import { parseShow, readEnvironmentFiles, readPaths } from '../../src/targets/systemd/show.ts';
import { firstLine } from '../../src/targets/systemd/systemctl.ts';
import { parseTimespan, readTimerInterval } from '../../src/targets/systemd/timespan.ts';
import { parseOverview } from '../../src/targets/systemd/timer.ts';
import { isUnitName } from '../../src/targets/systemd/units.ts';
import {
  lineOfWorkers,
  mayAssignWorkers,
  readAssigned,
} from '../../src/kinds/gunicorn/python-config.ts';
import { locateWorkers } from '../../src/targets/systemd/unit-file/locate/workers.ts';
import { sourcesOf, type Shape } from '../targets/systemd/unit-file/shape.ts';

/** One of the ways in which we read a foreign text. */
export interface Reader {
  /** throws only what the reader says that it throws */
  read: (text: string) => void | Promise<void>;
  /** the longest text that it is ever given, as no more is read */
  most: number;
}

const KB = 1024;
/** Of a file of a unit. */
const FILE = 256 * KB;
/** Of a command line. */
const ARGV = 64 * KB;
/** Of the history. */
const LINE = 1024 * KB;
/** Of an answer of systemctl; those of a thousand units have less. */
const ANSWER = 1024 * KB;
/** Of the config and of manifests, which nobody but root writes. */
const CONFIG = 64 * KB;
/** What has no bound of its own: it is read in pieces. */
const ALL = 4096 * KB;

function upTo(most: number, reads: Record<string, Reader['read']>): Record<string, Reader> {
  return Object.fromEntries(Object.entries(reads).map(([name, read]) => [name, { read, most }]));
}

const NO_VARIABLES = new Map<string, string>();
const GUNICORN = 'ExecStart=/usr/bin/gunicorn';
const CELERY = 'ExecStart=/usr/bin/celery -A shop';

/** All that reads what others have written, by what it reads. */
export const READERS: Record<string, Reader> = {
  ...upTo(FILE, {
    'a unit': (text) => readUnit({ text }),
    'its [Service] section': (text) => readService(text),
    'options of Gunicorn': (text) => readService(`${GUNICORN} ${text} app`),
    'a command after others': (text) =>
      readService(`ExecStart=/bin/true ${text} ; /usr/bin/gunicorn`),
    'options of celery worker': (text) => readService(`${CELERY} worker ${text}`),
    'options of celery multi': (text) => readService(`${CELERY} multi start ${text}`),
    'a script of sh -c': (text) =>
      readService(`ExecStart=/bin/sh -c '${unquoted(text)}; gunicorn -w 2 app'`),
    'a script that is a variable': (text) =>
      readService('ExecStart=/bin/sh -c "$X"', `X='${unquoted(text)}'\nA=a\nB="b b"\n`),
    'a script with parameters': (text) =>
      readService(`ExecStart=/bin/sh -c 'exec gunicorn "$@" $@ ${unquoted(text)}' sh ${text}`),
    'an environment file': (text) => readService(`${GUNICORN} $A -w \${B}`, text),
    'Environment=': (text) => readService(`${GUNICORN} $A -w \${B}\nEnvironment=${text}`),
    'a variable that is a word': (text) => readService(`${GUNICORN} $A`, `A='${unquoted(text)}'`),
    'a variable within words': (text) =>
      readService(`${GUNICORN} -n \${A}\${A} x\${A}`, `A='${unquoted(text)}'`),
    'words of a variable': (text) =>
      readService(`${GUNICORN} ${text}`, `A='a b c'\nB=${'b'.repeat(999)}`),
    GUNICORN_CMD_ARGS: (text) => readService(GUNICORN, `GUNICORN_CMD_ARGS='${unquoted(text)}'`),
    WEB_CONCURRENCY: (text) => readService(GUNICORN, `WEB_CONCURRENCY=${text}`),
    'options of wrappers': (text) =>
      readService(`ExecStart=/usr/bin/env ${text} gunicorn -w 2 app`),
    'options of sudo': (text) =>
      readService(`ExecStart=/usr/bin/sudo --preserve-env=${text} ${text} gunicorn -w 2`, text),
    'a config file of Gunicorn': (text) =>
      readService(`${GUNICORN} -c /srv/conf.py`, undefined, { '/srv/conf.py': text }),
    Python: (text) => {
      mayAssignWorkers(text);
      lineOfWorkers(text);
      readAssigned(text, 'threads');
    },
  }),
  ...upTo(ARGV, {
    'a command line': (text) => {
      readProgram(parseArgv(text));
      readProgram(parseArgv(`python3\0celery\0worker\0${text}`));
      readProgram(parseArgv(`python3\0${text}\0gunicorn`));
    },
    'a title': (text) => {
      readProgram([text]);
      readProgram([`[celeryd: a:MainProcess] ${text}`]);
      readProgram([`[celeryd: ${text}`]);
      readProgram([`gunicorn: master ${text}`]);
    },
    'the name of a node': (text) => {
      for (const argv of [
        [`[celeryd: ${text}`],
        ['celery', '-n', text],
        ['celery', ...text.split(' ')],
      ])
        nodeNameOf(argv, NO_VARIABLES, 'box.example.org');
      nodeNameOf([], new Map([['CELERY_WORKER_HOSTNAME', text]]), 'box');
    },
    'what the kernel says of a process': (text) => {
      parseStat(1, text);
      parseStat(1, `1 (${text}) S 1 1 1`);
    },
  }),
  ...upTo(ALL, {
    'the table of TCP': (text) => {
      parseTcpListeners(inPieces(text), new Set(['7']));
      parseTcpHeld(inPieces(text));
      guessBroker(inPieces(text), new Set(['7']));
    },
    'the table of Unix sockets': (text) => {
      parseUnixListeners(inPieces(text), new Set(['7']));
      parseUnixHeld(inPieces(text));
      countByName(inPieces(text), [{ inode: '7', name: '/run/web', waiting: null }]);
    },
    'a pressure': (text) => {
      parsePressure(text);
      parsePressure(`some ${text}`);
    },
  }),
  ...upTo(ANSWER, {
    'systemctl show': (text) => {
      for (const answer of [text, `Id=${text}`, `DropInPaths=${text}\nEnvironmentFiles=${text}`]) {
        for (const unit of parseShow(answer, ['Id', 'A', 'DropInPaths', 'EnvironmentFiles'])) {
          readPaths(unit, 'DropInPaths');
          readEnvironmentFiles(unit);
        }
        parseOverview(answer, ['shop.service']);
        listAwaited(answer, new Set());
      }
    },
    'systemctl, other words': (text) => {
      firstLine(text);
      isUnitName(text);
      parseTimespan(text);
      readTimerInterval(text);
    },
  }),
  ...upTo(LINE, {
    'a line of the history': (text) => {
      parseHistoryLine(text);
      parseHistoryLine(`${SAMPLE},"host":${text}}`);
      parseHistoryLine(`${SAMPLE},"services":${text}}`);
    },
  }),
  ...upTo(ALL, {
    'lines of a stream': async (text) => {
      const pieces = Readable.from(inPieces(text).map((piece) => Buffer.from(piece)));
      await allowing(async () => {
        for await (const { text: line } of readLines(pieces)) line.trim();
      });
    },
  }),
  ...upTo(CONFIG, {
    'a manifest': (text) => {
      parseManifest(text);
      parseManifest(`{"v":1,"service":"a","files":${text}}`);
    },
    'the config': (text) =>
      allowing(async () => {
        await checkConfig('config.json', Buffer.from(text));
      }),
    'projects of the config': (text) =>
      allowing(async () => {
        await checkConfig('config.json', Buffer.from(`{"projects": {"shop": ${text}}}`));
      }),
  }),
  ...upTo(FILE, {
    'a broker': (text) => {
      maskUrl(text);
      maskUrl(`redis://x?${text}`);
      findBroker(['-b', text, ...text.split(' ')], new Map([['A_BROKER_URL', text]]));
      findBind(text.split(' '));
      findQueues(['-Q', text]);
    },
  }),
};

const SAMPLE = '{"v":1,"kind":"sample","at":"x","boot":"b","uptime_s":1';

/** The config's faults are told by errors of this kind. */
async function allowing(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const { name } = error as Error;
    if (name !== 'UserError' && name !== 'ConfigError') throw error;
  }
}

function readService(section: string, env?: string, files: Record<string, string> = {}): void {
  const shape: Shape = { name: '', text: `[Service]\n${section}\n`, files };
  readUnit(env === undefined ? shape : { ...shape, envFiles: { '/srv/env': env } });
}

function readUnit(shape: Omit<Shape, 'name'>): void {
  const { sources } = sourcesOf({ name: '', ...shape });
  const location = locateWorkers(sources);
  if (location.how === 'refused') assert.ok(location.message.length <= 500, location.message);
}

function unquoted(text: string): string {
  return text.replaceAll("'", '');
}

/** As a file is read, piece by piece. */
function inPieces(text: string): string[] {
  const length = 64 * KB;
  return Array.from({ length: Math.ceil(text.length / length) }, (_, at) =>
    text.slice(at * length, (at + 1) * length),
  );
}

/** Whether a reader reads files of a unit. */
export function ofUnits(name: string): boolean {
  return READERS[name]?.most === FILE && name !== 'a broker';
}
