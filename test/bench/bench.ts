// The bench: `npm run bench` measures all that docs/performance.md promises and prints it as a table;
// with --short only what needs no fifty services, in a minute. Ends with 1 where something has clearly
// become worse (an `alarm`), not where a bar is missed: the table says that.
import { cpus, loadavg } from 'node:os';
import { prepareCase, startBenchHost, type BenchHost } from './host.ts';
import { measureProcesses } from './processes.ts';
import { countChildren, measureHistorySize, measureInstalledSize } from './sizes.ts';
import { findRegressions, renderRows, type Row } from './table.ts';
import { measureUnitFiles } from './unit-file-rows.ts';

const isShort = process.argv.includes('--short');
const rounds = isShort ? 9 : Number(process.env['ROUNDS'] ?? 40);

const before = [...(await measureUnitFiles()), measureInstalledSize(), measureHistorySize()];
const host = await startBenchHost(isShort);
let rows: Row[];
try {
  rows = [...(await measureOn(host)), await countChildren(host), ...before];
} finally {
  await host.lab.stop();
}
const [load = 0] = loadavg();
process.stdout.write(
  `\nNode ${process.version}, ${cpus().length} processors, load ${load.toFixed(1)}, ${rounds} rounds; ` +
    `"× " is the median of the ratios of pairs\n\n${renderRows(rows)}\n`,
);
const regressions = findRegressions(rows);
for (const { what, value, unit, alarm } of regressions) {
  process.stderr.write(
    `worse than it was: ${what}: ${value.toFixed(2)}${unit}, alarm at ${alarm}${unit}\n`,
  );
}
process.exitCode = regressions.length > 0 ? 1 : 0;

async function measureOn(benchHost: BenchHost): Promise<Row[]> {
  const { six, fifty } = benchHost;
  return measureProcesses(
    benchHost,
    {
      six: await prepareCase(benchHost, six, !isShort),
      fifty: fifty === null ? null : await prepareCase(benchHost, fifty, false),
    },
    rounds,
  );
}
