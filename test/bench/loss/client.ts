import { request } from 'node:http';

/**
 * Sends `rate` requests a second to a URL, each on a connection of its own and at its own time, whether
 * or not those before it have been answered, and prints a line for each: when it began (ms since the
 * epoch), how long it took, and 1 for an answer with status 200, 0 for anything else. Runs inside the
 * lab; ends when standard input does, with the last request.
 *
 *   node --import tsx client.ts URL RATE
 */
const [, , url = '', rate = '1'] = process.argv;
const TIMEOUT_MS = 10_000;

const start = performance.now();
let sent = 0;
const timer = setInterval(() => {
  // by the clock: a timer that comes late sends what was due
  while (sent < ((performance.now() - start) / 1000) * Number(rate)) {
    sent += 1;
    send();
  }
}, 5);
process.stdin.on('end', () => clearInterval(timer)).resume();

function send(): void {
  const at = Date.now();
  const begun = performance.now();
  let told = false;
  const tell = (ok: boolean) => {
    if (told) return;
    told = true;
    process.stdout.write(`${at} ${(performance.now() - begun).toFixed(1)} ${ok ? 1 : 0}\n`);
  };
  const asked = request(url, { agent: false, signal: AbortSignal.timeout(TIMEOUT_MS) });
  asked.on('response', (response) => {
    response.on('end', () => tell(response.complete && response.statusCode === 200));
    response.on('error', () => tell(false));
    response.on('close', () => tell(false));
    response.resume();
  });
  asked.on('error', () => tell(false));
  asked.end();
}
