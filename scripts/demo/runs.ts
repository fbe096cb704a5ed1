import { createInterface } from 'node:readline';
import type { Lab } from '../../test/lab/lab.ts';
import type { RunReport, ServiceReport } from '../../src/commands/run/run-report.ts';
import { paint, say } from './say.ts';
import { RUNS } from './timer.ts';

/** The runs that are shown live. */
export interface Runs {
  /** resolves when every service has been changed in this direction since the call */
  sawBoth: (action: 'scale_up' | 'scale_down') => Promise<void>;
  count: () => number;
  stop: () => void;
}

/** Prints each run of the timer as it ends: sample, then reason, change and verification by service. */
export function showRuns(lab: Lab): Runs {
  const tail = lab.spawn(['tail', '-n', '+1', '-f', RUNS], { timeoutMs: 180_000 });
  const waiting = new Set<(report: RunReport) => void>();
  let count = 0;
  let text = '';
  createInterface({ input: tail.stdout }).on('line', (line) => {
    text += line;
    const report = parseWhole(text);
    if (report === null) return;
    text = '';
    count += 1;
    showRun(report);
    for (const hear of waiting) hear(report);
  });
  return {
    sawBoth: (action) =>
      new Promise((resolve) => {
        const left = new Set(['web', 'jobs']);
        waiting.add(({ services }) => {
          for (const { project, ...change } of services) {
            if (change.action === action && change.applied) left.delete(project);
          }
          if (left.size === 0) resolve();
        });
      }),
    count: () => count,
    stop: () => tail.kill('SIGKILL'),
  };
}

/** A document may take several lines: it is whole once it parses. */
function parseWhole(text: string): RunReport | null {
  try {
    return JSON.parse(text) as RunReport;
  } catch {
    return null;
  }
}

function showRun({ host, services }: RunReport): void {
  const cpu = host.cpu_percent === null ? '?' : host.cpu_percent.toFixed(1);
  say(`cpu ${cpu} %, memory ${Math.round(host.memory_available_mb ?? NaN)} MB available`);
  for (const service of services) say(`  ${service.project.padEnd(5)}${describeService(service)}`);
}

function describeService(service: ServiceReport): string {
  const { action, applied, running, to, reason, error } = service;
  const now = `${running ?? '?'} running: ${reason}`;
  if (error !== null) return paint('red', `${now} ✖ ${error}`);
  if (action === 'none') return now;
  if (!applied) return paint('yellow', now);
  return paint('green', `${now} ✔ changed and verified: ${to} running`);
}
