import type { GlobalOptions } from '../shared/global-options.ts';
import { checkConfig } from '../../config/file/check.ts';
import { DEFAULT_PATH, findConfigPath } from '../../config/file/read.ts';
import { globalSchema } from '../../config/schema/schema.ts';
import { SHORTER_PAYS } from '../check/findings/timer.ts';
import { formatCount } from '../../model/wording.ts';
import { EXIT, UserError } from '../../errors.ts';
import { renderConfig } from './proposal/render.ts';
import type { Proposal, Unusable } from './proposal/types.ts';
import { renderScan } from './report.ts';
import { readScreen } from '../../output/screen.ts';
import { openOutput, type Output } from '../../output/terminal.ts';
import { wrapLines } from '../../output/wrap.ts';
import { writeErr } from '../../host/streams.ts';
import { requireFree, writeNewConfig } from './write.ts';
import { choose, proposeFor, readHost, requireTerminal } from './choose.ts';
import { scanServices } from './scan.ts';

export interface InitOptions extends GlobalOptions {
  yes?: boolean;
  enable?: boolean;
  output?: string;
  json?: boolean;
}

/** The exit code of a program that was ended by Ctrl-C. */
const INTERRUPTED = 130;

/**
 * Finds the services of this host and writes a first config for them. Never overwrites one. A project is
 * enabled only where the user says so, on the terminal or by `--enable`.
 */
export async function initCommand(options: InitOptions): Promise<number> {
  const path = options.output ?? findConfigPath(options.config);
  requireFree(path);
  const asks = options.yes !== true;
  if (asks) requireTerminal('init');
  const config = { projects: {}, global: globalSchema.parse({}) };
  const scan = await scanServices(config);
  const host = await readHost();
  const services = new Set(scan.candidates.map(({ service }) => service));
  const choice = { scan, host, path, config, taken: [], services, isAddition: false };
  const proposals = proposeFor(choice, scan.candidates);
  const out = openOutput({ color: options.color, quiet: options.quiet === true });
  if (options.json !== true) {
    out.write(renderScan({ ...scan, seen: scan.units.size }, proposals, host));
  }
  if (proposals.length === 0) {
    throw new UserError(
      EXIT.failed,
      'no service that can be scaled was found: nothing was written',
      'Gunicorn or "celery worker" must be started by a systemd service.',
    );
  }
  const chosen = asks ? await choose(choice) : enableAll(proposals, options);
  if (chosen === null) return reportInterrupted();
  const text = renderConfig(chosen, host);
  await checkConfig(path, Buffer.from(text));
  writeNewConfig(path, text);
  return reportWritten(out, options, { path, chosen, unusable: scan.unusable });
}

/** All that was found, as it was asked for by `--enable`. */
export function enableAll(
  proposals: readonly Proposal[],
  { enable }: Pick<InitOptions, 'enable'>,
): Proposal[] {
  return proposals.map((proposal) => ({ ...proposal, enabled: enable === true }));
}

/** The user broke off: nothing is written. */
export function reportInterrupted(): number {
  writeErr('autoscaler: interrupted, nothing was written\n');
  return INTERRUPTED;
}

/** What was written, and what to do next. */
export function reportWritten(
  out: Output,
  { json }: Pick<InitOptions, 'json'>,
  { path, chosen, unusable }: { path: string; chosen: Proposal[]; unusable: Unusable[] },
): number {
  const projects = chosen.map(({ project, enabled, candidate: { service, kind } }) => ({
    ...{ project, service, kind, enabled },
  }));
  if (json === true) out.write(`${JSON.stringify({ v: 1, path, projects, unusable })}\n`);
  else out.write(wrapLines(describeNext(path, chosen), readScreen().columns));
  return EXIT.ok;
}

function describeNext(path: string, chosen: readonly Proposal[]): string {
  const off = chosen.filter(({ enabled }) => !enabled).length;
  const count = formatCount(chosen.length, 'project');
  const rest = off === 0 ? '' : `, ${off === chosen.length ? 'all' : off} disabled: left alone`;
  // the timer looks at the usual place
  const isUsual = path === DEFAULT_PATH;
  const call = isUsual ? 'sudo autoscaler' : `sudo autoscaler --config ${path}`;
  const lines = [
    `${call} check`,
    ...(off === 0 ? [] : [`${call} enable --all     (or some: enable PROJECT …)`]),
    `${call} run --dry-run`,
    ...(isUsual ? ['sudo systemctl enable --now autoscaler.timer'] : []),
  ];
  const hasQueues = chosen.some(({ candidate }) => candidate.broker !== null);
  const sooner = isUsual
    ? `The timer runs every 2 minutes; to react faster: sudo autoscaler timer --every 30s${hasQueues ? `\n(${SHORTER_PAYS})` : ''}\n`
    : '';
  return `\n${path}: ${count}${rest}\nNext:  ${lines.join('\n       ')}\n${sooner}`;
}
