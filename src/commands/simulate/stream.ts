import type { Readable, Writable } from 'node:stream';
import { explainDecision } from '../../decide/explain.ts';
import type { SimulatedRun, Simulation } from '../../decide/simulate.ts';
import { EXIT, type ExitCode } from '../../errors.ts';
import { makeVisible } from '../../host/visible.ts';
import { parseHistoryLine } from '../../state/history-lines.ts';
import { readLines } from '../../state/stream-lines.ts';

/**
 * Answers each sample line of `stdin` at once by one JSON line, with `faults` where values of it are wrong and unknown, and a
 * wrong line by one with `error` and `line` (exit 1 at the end). Waits while the reader is slow; ends without an error when it has gone away.
 */
export async function answerSamples(
  simulation: Simulation,
  { stdin, stdout }: { stdin: Readable; stdout: Writable },
): Promise<ExitCode> {
  let code: ExitCode = EXIT.ok;
  for await (const { text, number } of readLines(stdin)) {
    if (text.trim() === '') continue;
    const faults: string[] = [];
    const entry = parseHistoryLine(text, (fault) => faults.push(fault));
    let answer: object | null;
    if ('fault' in entry) {
      code = EXIT.failed;
      answer = { error: entry.fault, line: number };
    } else {
      const run = simulation.push(entry);
      answer = run === null ? null : { ...describeRun(run), ...(faults.length > 0 && { faults }) };
      if (faults.length > 0) code = EXIT.failed;
    }
    if (answer !== null && !(await writeLine(stdout, JSON.stringify(answer)))) return code;
  }
  return code;
}

/** One line of the stream's answers. */
function describeRun({ at, decisions }: SimulatedRun): object {
  const services = decisions.map((decision) => ({
    project: decision.project,
    service: decision.service,
    action: decision.action,
    from: decision.from,
    to: decision.to,
    hold: decision.hold,
    codes: decision.reasons.map(({ code }) => code),
    reason: explainDecision(decision),
  }));
  return { at, services };
}

/** Resolves when the line has been handed on; false: nobody reads any more. */
function writeLine(stdout: Writable, line: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    stdout.write(`${makeVisible(line)}\n`, (error: NodeJS.ErrnoException | null | undefined) => {
      if (!error) resolve(true);
      else if (error.code === 'EPIPE') resolve(false);
      else reject(error);
    });
  });
}
