/**
 * npm run test:shrink [-- rounds]: a Celery pool that is lowered and raised again while it runs ("live"), under a
 * stream of very short tasks, which begin and end while the pool is asked to give processes up: more than it can do, or
 * some every 0.3 s. Acknowledged early and late. Ends with 1 where a task was lost or done twice.
 */
import { startLab, type Lab } from '../lab/lab.ts';
import { celeryUnit, enqueue, installUnit, redisUnit } from '../lab/services.ts';

const [rounds = '20'] = process.argv.slice(2);
const [MANY, FEW] = [6, 2];
/** so many are queued at once: `full` whenever fewer wait, so that each process has the next task at once */
const BATCH = { full: 300, thin: 12 };
type Stream = keyof typeof BATCH;
const PATIENT = { timeoutMs: 240_000 };

/** the last look at the traces, by queue */
const looks = new Map<string, string>();

interface Sum {
  name: string;
  tasks: number;
  shrinks: number;
  /** processes that were ended by them; those that were not seen idle stay */
  ended: number;
  lost: number;
  doubled: number;
}

const lab = await startLab();
try {
  await installUnit(lab, 'lab-redis.service', redisUnit());
  const sums: Sum[] = [];
  for (const stream of ['full', 'thin'] as const) {
    for (const acksLate of [false, true]) {
      const sum = await shrinkAgainAndAgain(lab, stream, acksLate, Number(rounds));
      sums.push(sum);
      process.stdout.write(`${JSON.stringify(sum)}\n`);
    }
  }
  if (sums.some(({ lost, doubled }) => lost + doubled > 0)) process.exitCode = 1;
} finally {
  await lab.stop();
}

async function shrinkAgainAndAgain(
  host: Lab,
  stream: Stream,
  acksLate: boolean,
  times: number,
): Promise<Sum> {
  const name = `${stream}-${acksLate ? 'late' : 'early'}`;
  const unit = celeryUnit({
    count: `-c ${MANY}`,
    args: `-Q ${name} -n ${name}@%%h`,
    env: { ACKS_LATE: acksLate ? '1' : '' },
  });
  await installUnit(host, `${name}.service`, unit);
  const config = `/etc/autoscaler/${name}.json`;
  const project = {
    ...{ max_workers: MANY, broker_url: 'redis://127.0.0.1:6379/0', queues: [name] },
    cpu_thresholds: { [`scale_up_${MANY}`]: 99 },
  };
  const folders = { state_dir: `/var/lib/bench/${name}`, backup_dir: `/var/backups/${name}` };
  const text = JSON.stringify({
    projects: { [name]: project },
    global: { apply: 'live-only', ...folders },
  });
  await host.writeFile(config, text, { mode: 0o600 });
  const feed = startFeed(host, name, stream);
  const sum: Sum = { name, tasks: 0, shrinks: times, ended: 0, lost: 0, doubled: 0 };
  try {
    await host.until(async () => (await readTraces(host, name, 1)).lost === 0, {
      what: 'the first task',
    });
    for (let round = 0; round < times; round++) {
      for (const workers of [FEW, MANY]) {
        const args = ['--config', config, 'scale', name, String(workers)];
        const { exitCode, stdout, stderr } = await host.autoscaler(args, PATIENT);
        if (exitCode !== 0) throw new Error(`${args.join(' ')}: ${stdout}${stderr}`);
        if (workers === FEW)
          sum.ended += MANY - Number(/verified: (\d+) running/.exec(stdout + stderr)?.[1]);
      }
    }
  } finally {
    sum.tasks = await feed.stop();
  }
  const { tasks } = sum;
  await host.until(async () => (await readTraces(host, name, tasks)).isStill, {
    what: 'the last tasks',
    timeoutMs: 120_000,
    everyMs: 3_000,
  });
  await host.ok(`systemctl stop ${name}`);
  const { lost, doubled } = await readTraces(host, name, tasks);
  return { ...sum, lost, doubled };
}

/** Queues tasks of 10 to 50 ms until `stop`, which gives how many there were: without a pause, or now and then. */
function startFeed(host: Lab, queue: string, stream: Stream): { stop: () => Promise<number> } {
  let tasks = 0;
  let stopped = false;
  const feed = (async () => {
    while (!stopped) {
      const waiting = Number(await host.ok(`redis-cli llen ${queue}`));
      if (waiting < BATCH[stream]) {
        const first = tasks;
        const seconds = () => 0.01 + Math.random() * 0.04;
        await enqueue(
          host,
          BATCH[stream],
          'tasks.trace',
          (i) => [`${queue}-${first + i}`, seconds()],
          {
            queue,
          },
        );
        tasks += BATCH[stream];
      }
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
  })();
  return {
    stop: async () => {
      stopped = true;
      await feed;
      return tasks;
    },
  };
}

/** How many tasks left no trace, or several; `isStill`: as many as at the last look. */
async function readTraces(
  host: Lab,
  name: string,
  tasks: number,
): Promise<{ lost: number; doubled: number; isStill: boolean }> {
  const count =
    "local l,d=0,0 for i=0,tonumber(ARGV[2])-1 do local v=tonumber(redis.call('get','trace:'..ARGV[1]..'-'..i) or '0') if v==0 then l=l+1 elseif v>1 then d=d+1 end end return {l,d}";
  const text = await host.ok(`redis-cli -n 15 eval "${count}" 0 ${name} ${tasks}`);
  const [lost = NaN, doubled = NaN] = text.split('\n').map(Number);
  const isStill = looks.get(name) === `${tasks} ${text}`;
  looks.set(name, `${tasks} ${text}`);
  return { lost, doubled, isStill };
}
