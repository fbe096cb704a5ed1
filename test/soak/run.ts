// npm run test:soak [-- changes [seed]]: 500 changes by default, about three quarters of an hour.
import { runSoak } from './soak.ts';

const [changes = '500', seed = String(Date.now() % 1_000_000)] = process.argv.slice(2);
const start = performance.now();
process.stdout.write(`seed ${seed}\n`);
const result = await runSoak({ changes: Number(changes), seed: Number(seed) }, (line) =>
  process.stdout.write(`${line}\n`),
);
const { faults, ...numbers } = result;
const minutes = Math.round((performance.now() - start) / 6000) / 10;
process.stdout.write(`${JSON.stringify(numbers)} ${minutes} m\n`);
for (const fault of faults) process.stdout.write(`NOT AS IT SHOULD BE: ${fault}\n`);
if (faults.length > 0) process.exitCode = 1;
