import { formatCount } from '../../model/wording.ts';
import { createReadStream } from 'node:fs';
import type { Writable } from 'node:stream';
import { explainDecision } from '../../decide/explain.ts';
import type { SimulatedRun, Simulation } from '../../decide/simulate.ts';
import type { Decision } from '../../model/types.ts';
import { EXIT, UserError, type ExitCode } from '../../errors.ts';
import { renderTable } from '../../output/table.ts';
import { makeVisible } from '../../host/visible.ts';
import { parseHistoryLine } from '../../state/history-lines.ts';
import { readLines } from '../../state/stream-lines.ts';

/** A change that would have been made; one element of `simulate --json`. */
interface Change {
  at: string;
  project: string;
  service: string;
  action: Decision['action'];
  from: number | null;
  to: number | null;
  reason: string;
}

/** How many wrong lines are reported one by one. */
const FAULTS_TOLD = 10;

/**
 * Runs a history file through the simulation and prints the changes. A wrong line is left out, a wrong value of a sample
 * is unknown, and both are told (exit 1): a history has one where the power failed. Throws a UserError for a file without any right line, or that cannot be read.
 */
export async function simulateFile(
  simulation: Simulation,
  file: string,
  json: boolean,
  { stdout, stderr }: { stdout: Writable; stderr: Writable },
  warn: (text: string) => void,
): Promise<ExitCode> {
  const changes: Change[] = [];
  const faults: string[] = [];
  let samples = 0;
  let entries = 0;
  try {
    for await (const { text, number, ended } of readLines(createReadStream(file))) {
      if (text.trim() === '') continue;
      const entry = parseHistoryLine(text, (fault) => {
        faults.push(`${file}:${number}: ${fault}; it counts as unknown`);
      });
      if ('fault' in entry) {
        if (ended) faults.push(`${file}:${number}: ${entry.fault}`);
        else warn(`${file}:${number}: the last line is incomplete and ignored`);
        continue;
      }
      entries += 1;
      const run = simulation.push(entry);
      if (run === null) continue;
      samples += 1;
      changes.push(...listChanges(run));
    }
  } catch (error) {
    throw explainReadError(error, file);
  }
  if (faults.length > 0 && entries === 0) throw wrongLines(faults);
  if (faults.length > 0) stderr.write(`${makeVisible(wrongLines(faults).message)}\n`);
  if (samples === 0) warn(`${file}: expected samples, found none`);
  const text = json ? `${JSON.stringify({ decisions: changes })}\n` : render(changes, samples);
  stdout.write(makeVisible(text));
  return faults.length > 0 ? EXIT.failed : EXIT.ok;
}

function listChanges({ at, decisions }: SimulatedRun): Change[] {
  return decisions
    .filter(({ action }) => action !== 'none')
    .map((decision) => {
      const { project, service, action, from, to } = decision;
      return { at, project, service, action, from, to, reason: explainDecision(decision) };
    });
}

function render(changes: readonly Change[], samples: number): string {
  const count = formatCount(samples, 'sample');
  if (changes.length === 0) return `no changes in ${count}\n`;
  const rows = changes.map(({ at, project, from, to, reason }) => {
    return [at, project, `${from} → ${to}`, reason];
  });
  const total = formatCount(changes.length, 'change');
  return `${renderTable(['AT', 'PROJECT', 'WORKERS', 'REASON'], rows)}\n${total} in ${count}\n`;
}

function wrongLines(faults: readonly string[]): UserError {
  const more = faults.length - FAULTS_TOLD;
  const reported = faults.slice(0, FAULTS_TOLD);
  if (more > 0) reported.push(`… and ${more} more`);
  const hint =
    'Each line is a JSON object of the history format: a sample or an action (docs/history-format.md).';
  return new UserError(EXIT.config, reported, hint);
}

function explainReadError(error: unknown, file: string): unknown {
  if (error instanceof UserError) {
    return new UserError(error.exitCode, `${file}: ${error.message}`, error.hint);
  }
  const { code } = error as NodeJS.ErrnoException;
  const hint = 'A history is at STATE_DIR/history.jsonl (default: /var/lib/autoscaler).';
  const expected = `${file}: expected a history file`;
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new UserError(EXIT.config, `${expected}, found none`, hint);
    case 'EISDIR':
      return new UserError(EXIT.config, `${expected}, found a folder`, hint);
    case 'EACCES':
      return new UserError(EXIT.permission, `${file}: this user may not read it`, hint);
    default:
      return error;
  }
}
