/**
 * A load of a known size, as a program: `node --import tsx busy-load.ts URL CLIENTS MS PAUSE_MS SECONDS [SOCKET]`.
 * Each client sends a request, waits for its answer, pauses, and so on, over a connection each. At the end it
 * prints the requests, those that failed, and the mean number of requests that were under way.
 */
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const [url = '', clients = '1', ms = '50', pauseMs = '50', seconds = '5', socketPath] =
  process.argv.slice(2);
const beginMs = performance.now();
const endMs = beginMs + Number(seconds) * 1000;
let busyMs = 0;
let done = 0;
let failed = 0;

async function client(): Promise<void> {
  // not all at once
  await sleep(Math.random() * (Number(ms) + Number(pauseMs)));
  while (performance.now() < endMs) {
    const sentMs = performance.now();
    const isOk = await get();
    busyMs += Math.min(endMs, performance.now()) - sentMs;
    if (isOk) done += 1;
    else failed += 1;
    // pauses of all lengths, so that nothing keeps in step
    if (Number(pauseMs) > 0) await sleep(-Math.log(1 - Math.random()) * Number(pauseMs));
  }
}

function get(): Promise<boolean> {
  return new Promise((resolve) => {
    const options = { agent: false, ...(socketPath !== undefined && { socketPath }) };
    const sent = request(`${url}?ms=${ms}`, options, (response) => {
      response.resume().on('end', () => resolve(response.statusCode === 200));
    });
    sent.on('error', () => resolve(false)).end();
  });
}

await Promise.all(Array.from({ length: Number(clients) }, client));
const underWay = busyMs / (endMs - beginMs);
console.log(JSON.stringify({ done, failed, underWay: Math.round(underWay * 1000) / 1000 }));
