import { closeSync, fchmodSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { Logger } from 'pino';
import { renderFamilies } from '../output/prometheus.ts';
import { tellMetrics, type RunFacts } from '../output/run-metrics.ts';
import { readCounters, writeCounters } from '../state/counters.ts';
import { VERSION } from '../version.ts';

/**
 * Writes the metrics of a run for the textfile collector of Prometheus' node_exporter. With the lock held. That it cannot be
 * written is logged and harms nothing else.
 */
export function writeTextfile(
  path: string,
  stateDir: string,
  run: Pick<RunFacts, 'report' | 'sample' | 'policies'>,
  log: Logger,
): void {
  try {
    const clocks = {
      atS: Date.now() / 1000,
      durationS: Math.round(process.uptime() * 1000) / 1000,
    };
    const { families, counts } = tellMetrics(
      { ...run, ...clocks, version: VERSION },
      readCounters(stateDir),
    );
    replaceFile(path, renderFamilies(families));
    writeCounters(stateDir, counts);
  } catch (error) {
    log.error({ event: 'textfile' }, `${path}: cannot be written: ${(error as Error).message}`);
  }
}

/** The collector reads at any time, and only what ends in `.prom`; others may own the folder. */
function replaceFile(path: string, text: string): void {
  const temp = `${path}.${process.pid}.tmp`;
  rmSync(temp, { force: true });
  try {
    const fd = openSync(temp, 'wx', 0o644);
    try {
      // whatever the umask says: another user reads it
      fchmodSync(fd, 0o644);
      writeFileSync(fd, text);
    } finally {
      closeSync(fd);
    }
    renameSync(temp, path);
  } catch (error) {
    rmSync(temp, { force: true });
    throw error;
  }
}
