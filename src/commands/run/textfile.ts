import type { Logger } from 'pino';
import { replaceOutput } from '../../host/files/output.ts';
import { renderFamilies } from '../../output/prometheus.ts';
import { exportMetrics, type RunFacts } from './run-metrics.ts';
import { readCounters, writeCounters } from '../../state/counters.ts';
import { VERSION } from '../../version.ts';

/**
 * Writes the metrics of a run for the textfile collector of Prometheus' node_exporter, while the lock is held. If the file
 * cannot be written, that is logged and has no other effect.
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
    const { families, counts } = exportMetrics(
      { ...run, ...clocks, version: VERSION },
      readCounters(stateDir),
    );
    // whatever the umask: the collector runs as another user, and may read the file at any time
    replaceOutput(path, renderFamilies(families), 0o644);
    writeCounters(stateDir, counts);
  } catch (error) {
    log.error({ event: 'textfile' }, `${path}: cannot be written: ${(error as Error).message}`);
  }
}
