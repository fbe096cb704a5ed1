// npm run test:faults [-- every [slots [scenario]]]: the whole fault campaign; about an hour on two cores.
import { runCampaign } from './campaign.ts';

const [every = '1', slots = '3', scenarios = ''] = process.argv.slice(2);
const start = performance.now();
const tallies = await runCampaign(
  { every: Number(every), slots: Number(slots), scenarios },
  (line) => process.stdout.write(`${line}\n`),
);
const sum = (of: 'injected' | 'survived'): number =>
  tallies.reduce((total, tally) => total + tally[of], 0);
const minutes = Math.round((performance.now() - start) / 6000) / 10;
process.stdout.write(
  `faults injected: ${sum('injected')}, survived: ${sum('survived')} (${minutes} m)\n`,
);
if (sum('injected') === 0 || sum('injected') !== sum('survived')) process.exitCode = 1;
