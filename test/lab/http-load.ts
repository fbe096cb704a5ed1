import type { Lab } from './lab.ts';

/** What a load saw. `failed` are connections or requests that were refused, cut, timed out or not answered with 2xx. */
export interface LoadResult {
  requests: number;
  failed: number;
}

export interface HttpLoad {
  /** ends it early; the result is `done` */
  stop: () => void;
  done: Promise<LoadResult>;
}

/** Keeps `connections` requests under way from inside the lab, by wrk, for `seconds` at most. */
export function httpLoad(
  lab: Lab,
  { url, connections = 4, seconds }: { url: string; connections?: number; seconds: number },
): HttpLoad {
  const argv = ['wrk', '-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '10s', url];
  const running = lab.spawn(argv, { timeoutMs: (seconds + 15) * 1000 });
  running.stdin.end();
  return {
    stop: () => running.kill('SIGINT'),
    done: running.done.then(({ stdout, stderr }) => readWrk(stdout, stderr)),
  };
}

function readWrk(stdout: string, stderr: string): LoadResult {
  const requests = /(\d+) requests in/.exec(stdout)?.[1];
  if (requests === undefined) throw new Error(`wrk said: ${stdout}${stderr}`);
  const socket = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(
    stdout,
  );
  const status = /Non-2xx or 3xx responses: (\d+)/.exec(stdout);
  const failed = [...(socket?.slice(1) ?? []), status?.[1] ?? '0'].map(Number);
  return { requests: Number(requests), failed: failed.reduce((sum, count) => sum + count, 0) };
}
