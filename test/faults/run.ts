// npm run test:faults [-- every [slots [scenario]]]: the whole fault campaign; hours on two cores. FAULTS_NOTES names a
// file by which one that was ended goes on where it was.
import { runCampaign, type Tally } from './campaign.ts';

const [every = '1', slots = '3', scenarios = ''] = process.argv.slice(2);
const notes = process.env['FAULTS_NOTES'];
const start = performance.now();
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const tallies: Tally[] = await runCampaign(
  {
    ...{ every: Number(every), slots: Number(slots) },
    isWanted: (name) => name.includes(scenarios),
    ...(notes !== undefined && { notes }),
  },
  say,
);
const sum = (of: 'injected' | 'survived'): number =>
  tallies.reduce((total, tally) => total + tally[of], 0);
const minutes = Math.round((performance.now() - start) / 6000) / 10;
say(`faults injected: ${sum('injected')}, survived: ${sum('survived')} (${minutes} m)`);
if (sum('injected') === 0 || sum('injected') !== sum('survived')) process.exitCode = 1;
