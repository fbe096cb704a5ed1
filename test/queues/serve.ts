import { HOSTILE_AMQP } from './rabbitmq/hostile.ts';
import { HOSTILE_REDIS } from './redis/hostile.ts';
import { startHostile } from './hostile-server.ts';

/** A hostile server as another process sees it; `counts`: what it truly says, null: nothing that is a number. */
export interface Served {
  name: string;
  url: string;
  counts: number | null;
}

// A program: serves all of them, prints them as one JSON line, and stays.
const served: Served[] = [];
for (const [scheme, list] of [
  ['redis', HOSTILE_REDIS.map((each) => ({ ...each, counts: 1 }))],
  ['amqp', HOSTILE_AMQP],
] as const) {
  for (const { name, behave, tls, says, counts = 1 } of list) {
    const { port } = await startHostile(behave);
    const url = `${scheme}${tls === true ? 's' : ''}://127.0.0.1:${port}`;
    served.push({ name, url, counts: says === null ? counts : null });
  }
}
console.log(JSON.stringify(served));
