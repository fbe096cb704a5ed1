import assert from 'node:assert/strict';
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { after, describe, test } from 'node:test';
import type { HistoryEntry } from '../../../src/model/types.ts';
import { history, mapSamples, SERVICE } from '../../decide/series.ts';
import { assertDocumented } from '../../docs/json-schemas.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const folder = mkdtempSync(join(tmpdir(), 'autoscaler-simulate-'));
after(() => rmSync(folder, { recursive: true }));

const config = join(folder, 'config.json');
writeFileSync(
  config,
  JSON.stringify({
    projects: {
      shop: {
        service_name: SERVICE,
        min_workers: 1,
        max_workers: 4,
        cpu_thresholds: { scale_up_3: 60, scale_up_4: 80, scale_down_2: 40 },
        cpu_duration_minutes: { scale_up: 4, scale_down: 6 },
      },
      idle: { enabled: false, max_workers: 4, cpu_thresholds: { scale_up_3: 60 } },
    },
  }),
  { mode: 0o600 },
);

const toLines = (entries: HistoryEntry[]): string =>
  entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');

function start(...args: string[]): ChildProcessWithoutNullStreams {
  const main = join(ROOT, 'dist/main.js');
  const argv = [main, '--config', config, 'simulate', ...args];
  return spawn(process.execPath, argv, { cwd: ROOT });
}

interface Result {
  code: number | null;
  stdout: string;
  stderr: string;
}

function finish(child: ChildProcessWithoutNullStreams): Promise<Result> {
  const result: Result = { code: null, stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (result.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (result.stderr += chunk.toString()));
  return new Promise((done, fail) => {
    child.on('error', fail);
    child.on('close', (code) => done({ ...result, code }));
  });
}

/** Runs `simulate` on a file of this text. */
function simulateText(text: string, ...args: string[]): Promise<Result & { file: string }> {
  const file = join(folder, `history-${Math.random()}.jsonl`);
  writeFileSync(file, text);
  return finish(start('--samples', file, ...args)).then((result) => ({ ...result, file }));
}

/** Feeds `simulate --samples -` with a text. */
function simulateStream(text: string): Promise<Result> {
  const child = start('--samples', '-');
  child.stdin.end(text);
  return finish(child);
}

const LOAD = toLines(history({ cpu: '50 90x3 10x4' }));

describe('simulate --samples FILE', () => {
  test('--json prints the changes alone, the workers following the decisions', async () => {
    const { code, stdout, stderr } = await simulateText(LOAD, '--json');
    assert.deepEqual([code, stderr], [0, '']);
    const change = { project: 'shop', service: SERVICE };
    assert.deepEqual(assertDocumented('simulate', stdout), {
      decisions: [
        {
          at: 'slot 2',
          ...change,
          action: 'scale_up',
          from: 2,
          to: 4,
          reason: 'cpu 90 % > 80 % for 4 m 0 s (needs 4 m) → 4 workers',
        },
        {
          at: 'slot 6',
          ...change,
          action: 'scale_down',
          from: 4,
          to: 2,
          reason: 'cpu 10 % < 40 % for 6 m 0 s (needs 6 m) → 2 workers',
        },
      ],
    });
  });

  test('without --json it is a table', async () => {
    const { code, stdout } = await simulateText(LOAD);
    assert.equal(code, 0);
    assert.match(stdout, /^AT +PROJECT +WORKERS +REASON\nslot 2 +shop +2 → 4 +cpu 90 %/);
    assert.match(stdout, /\n2 changes in 8 samples\n$/);
  });

  test('no change is said as such', async () => {
    const { stdout } = await simulateText(toLines(history({ cpu: '50x3' })));
    assert.equal(stdout, 'no changes in 3 samples\n');
  });

  test('wrong lines are left out, told all at once, with file and line (1)', async () => {
    const text = `${LOAD}{"v":1}\n\n${'torn\n{"v":2}\n'.repeat(8)}nonsense\n`;
    const { code, stdout, stderr, file } = await simulateText(text, '--json', '-q');
    const whole = await simulateText(LOAD, '--json');
    assert.deepEqual([code, stdout], [1, whole.stdout]);
    assert.match(stderr, new RegExp(`${file}:11: expected a JSON object, found torn\n`));
    assert.match(stderr, /… and 8 more\n/);
  });

  test('a file of nothing but wrong lines is no history (78)', async () => {
    const text = `${'\n'.repeat(8)}{"v":1}\n${'\n'.repeat(9)}nonsense\n`;
    const { code, stdout, stderr, file } = await simulateText(text);
    assert.deepEqual([code, stdout], [78, '']);
    assert.match(
      stderr,
      new RegExp(`${file}:9: kind: expected "sample" or "action", found nothing`),
    );
    assert.match(stderr, new RegExp(`${file}:19: expected a JSON object, found nonsense`));
    assert.match(stderr, /history format/);
  });

  test('a wrong value is unknown, told with file, line and key (1), and the rest of its sample counts', async () => {
    const bad = { workers: 2, queue_length: -5 };
    const entries = mapSamples(history({ cpu: '50 90x3' }), (sample) => ({
      ...sample,
      services: { ...sample.services, other: bad },
    }));
    const { code, stdout, stderr, file } = await simulateText(toLines(entries), '--json', '-q');
    const { decisions } = JSON.parse(stdout) as { decisions: { to: number }[] };
    assert.deepEqual([code, decisions.map(({ to }) => to)], [1, [4]]);
    const expected = 'expected a whole number, 0 or more, or null, found -5';
    const fault = `services.other.queue_length: ${expected}; it counts as unknown`;
    assert.ok(stderr.includes(`${file}:1: ${fault}\n`), stderr);
    const stream = await simulateStream(toLines(entries.slice(0, 1)));
    const answer = assertDocumented('simulate', stream.stdout) as { faults: string[] };
    assert.deepEqual(
      [stream.code, answer.faults],
      [1, [`services.other.queue_length: ${expected}`]],
    );
  });

  test('a torn last line is not used, and told', async () => {
    const { code, stdout, stderr, file } = await simulateText(LOAD.slice(0, -20), '--json');
    assert.equal(code, 0);
    assert.equal((JSON.parse(stdout) as { decisions: unknown[] }).decisions.length, 2);
    assert.equal(stderr, `autoscaler: ${file}:8: the last line is incomplete and ignored\n`);
  });

  test('a last line that only lacks its newline is used', async () => {
    const { stdout, stderr } = await simulateText(LOAD.slice(0, -1));
    assert.match(stdout, /in 8 samples/);
    assert.equal(stderr, '');
  });

  test('an empty file holds no samples', async () => {
    const { code, stdout, stderr } = await simulateText('', '--json');
    assert.deepEqual([code, stdout], [0, '{"decisions":[]}\n']);
    assert.match(stderr, /expected samples, found none/);
  });

  test('a file that is not there (78), a folder (78)', async () => {
    const absent = await finish(start('--samples', join(folder, 'absent')));
    assert.equal(absent.code, 78);
    assert.match(absent.stderr, /absent: expected a history file, found none\n/);
    const directory = await finish(start('--samples', folder));
    assert.equal(directory.code, 78);
    assert.match(directory.stderr, /expected a history file, found a folder\n/);
  });
});

describe('simulate --samples -', () => {
  test('answers each sample at once, before the next one comes', async () => {
    const child = start('--samples', '-');
    const result = finish(child);
    const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const seen: unknown[] = [];
    for (const entry of history({ cpu: '50 90 90' })) {
      child.stdin.write(`${JSON.stringify(entry)}\n`);
      const answer: IteratorResult<string> = await answers.next();
      seen.push(assertDocumented('simulate', answer.value as string));
    }
    child.stdin.end();
    const service = { project: 'shop', service: SERVICE, from: 2 };
    assert.deepEqual(seen, [
      {
        at: 'slot 0',
        services: [
          {
            ...service,
            action: 'none',
            to: 2,
            hold: null,
            codes: ['within'],
            reason: 'cpu 50 % (up at > 60 %) → stays at 2',
          },
        ],
      },
      {
        at: 'slot 1',
        services: [
          {
            ...service,
            action: 'none',
            to: 2,
            hold: 'duration',
            codes: ['above'],
            reason: 'cpu 90 % > 80 % for 2 m 0 s, 2 m more → stays at 2',
          },
        ],
      },
      {
        at: 'slot 2',
        services: [
          {
            ...service,
            action: 'scale_up',
            to: 4,
            hold: null,
            codes: ['above'],
            reason: 'cpu 90 % > 80 % for 4 m 0 s (needs 4 m) → 4 workers',
          },
        ],
      },
    ]);
    assert.equal((await result).code, 0);
  });

  test('a wrong line is answered in its place, and the rest is served (1)', async () => {
    const { code, stdout } = await simulateStream(`${LOAD}{"v":1}\n\n${LOAD}torn`);
    const answers = stdout
      .trim()
      .split('\n')
      .map((line) => assertDocumented('simulate', line));
    assert.equal(code, 1);
    assert.equal(answers.length, 18);
    assert.deepEqual(answers[8], {
      error: 'kind: expected "sample" or "action", found nothing',
      line: 9,
    });
    assert.deepEqual(answers[17], { error: 'expected a JSON object, found torn', line: 19 });
  });

  test('actions are not answered; services that are not there are', async () => {
    const [sample, action] = history({ cpu: '50', actions: [{ after: 0, to: 2 }] });
    const { stdout } = await simulateStream(
      toLines([action!, { ...sample!, services: {} } as HistoryEntry]),
    );
    const { services } = JSON.parse(stdout) as { services: { codes: string[] }[] };
    assert.deepEqual(
      services.map(({ codes }) => codes),
      [['workers_unknown']],
    );
  });

  test('a reader that goes away is no error', async () => {
    const child = start('--samples', '-');
    const result = finish(child);
    child.stdin.on('error', () => {}); // it ends before all is written
    child.stdout.once('data', () => child.stdout.destroy());
    child.stdin.end(LOAD.repeat(5000));
    const { code, stderr } = await result;
    assert.deepEqual([code, stderr], [0, '']);
  });

  test('nothing on standard input is no error', async () => {
    assert.deepEqual(await simulateStream(''), { code: 0, stdout: '', stderr: '' });
  });
});
