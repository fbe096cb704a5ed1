import { join } from 'node:path';
import { CHECKOUT, type Lab } from '../../lab/lab.ts';

/** A request as the client saw it: when it began (ms since the epoch), how long it took. */
interface Sent {
  at: number;
  ms: number;
  ok: boolean;
}

/** What the requests say: of all, and apart those that began during a change, or while no service was changed. */
export interface HttpResult {
  requests: number;
  failed: number;
  quietP99Ms: number;
  changeP99Ms: number;
}

/** The begin and end of a change, ms since the epoch. */
export type Span = readonly [from: number, to: number];

/** When the service was changed, and when anything was. */
export interface Spans {
  changes: readonly Span[];
  busy: readonly Span[];
}

/** Keeps requests coming until `stop`, which gives what became of them. */
export function startRequests(
  lab: Lab,
  url: string,
  rate: number,
): { stop: (spans: Spans) => Promise<HttpResult> } {
  const client = join(CHECKOUT, 'test/bench/loss/client.ts');
  const argv = [process.execPath, '--import', 'tsx', client, url, String(rate)];
  const running = lab.spawn(['sh', '-c', `cd ${CHECKOUT} && exec "$@"`, 'sh', ...argv], {
    timeoutMs: 900_000,
  });
  return {
    stop: async (spans) => {
      running.stdin.end();
      const { stdout, stderr } = await running.done;
      const sent = stdout
        .split('\n')
        .filter((line) => line !== '')
        .map(readLine);
      if (sent.length === 0) throw new Error(`no request was sent to ${url}: ${stderr}`);
      return summarize(sent, spans);
    },
  };
}

function readLine(line: string): Sent {
  const [at = NaN, ms = NaN, ok = NaN] = line.split(' ').map(Number);
  return { at, ms, ok: ok === 1 };
}

/** Latencies are those of the answered requests: what failed is counted, and fails quickly. */
function summarize(sent: readonly Sent[], { changes, busy }: Spans): HttpResult {
  const within =
    (spans: readonly Span[]) =>
    ({ at }: Sent) =>
      spans.some(([from, to]) => at >= from && at <= to);
  const isBusy = within(busy);
  const answered = sent.filter(({ ok }) => ok);
  return {
    requests: sent.length,
    failed: sent.length - answered.length,
    quietP99Ms: p99(answered.filter((each) => !isBusy(each))),
    changeP99Ms: p99(answered.filter(within(changes))),
  };
}

function p99(sent: readonly Sent[]): number {
  const sorted = sent.map(({ ms }) => ms).sort((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * 0.99) - 1] ?? NaN;
}
