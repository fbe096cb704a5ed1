import { cpus } from 'node:os';
import type { GlobalOptions } from './global-options.ts';
import { isRunning } from '../act/unit.ts';
import { checkConfig } from '../config/check.ts';
import { DEFAULT_PATH, findConfigPath } from '../config/read.ts';
import { globalSchema, type Config } from '../config/schema.ts';
import { EXIT, UserError } from '../errors.ts';
import { propose } from '../init/propose.ts';
import { renderConfig } from '../init/render.ts';
import type { Candidate, Host, Proposal } from '../init/types.ts';
import { measureHost } from '../measure/host.ts';
import { renderScan } from '../output/init-report.ts';
import { openOutput } from '../output/terminal.ts';
import { isTerminal, writeErr } from '../streams.ts';
import { requireFree, writeNewConfig } from './init-write.ts';
import { askLive, scanServices, type Scan } from './init-scan.ts';

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
  if (asks && !(process.stdin.isTTY && isTerminal('stdout'))) {
    throw new UserError(
      EXIT.usage,
      'there is no terminal to ask on',
      'autoscaler init --yes accepts all that is found; with --enable the projects are enabled too.',
    );
  }
  const config = { projects: {}, global: globalSchema.parse({}) };
  const scan = await scanServices(config);
  const host = await readHost();
  const proposals = propose(scan.candidates, host);
  const out = openOutput({ color: options.color, quiet: options.quiet === true });
  if (options.json !== true)
    out.write(renderScan({ ...scan, seen: scan.units.size }, proposals, host));
  if (proposals.length === 0) {
    throw new UserError(
      EXIT.failed,
      'no service was found that can be scaled: nothing is written',
      'Gunicorn or "celery worker" must be started by a systemd service.',
    );
  }
  const chosen = asks
    ? await ask(scan, { host, path, config })
    : proposals.map((proposal) => ({ ...proposal, enabled: options.enable === true }));
  if (chosen === null) {
    writeErr('autoscaler: interrupted, nothing is written\n');
    return INTERRUPTED;
  }
  const text = renderConfig(chosen, host);
  await checkConfig(path, Buffer.from(text));
  writeNewConfig(path, text);
  const projects = chosen.map(({ project, enabled, candidate: { service, kind } }) => ({
    ...{ project, service, kind, enabled },
  }));
  const { unusable } = scan;
  if (options.json === true) {
    out.write(`${JSON.stringify({ v: 1, path, projects, unusable })}\n`);
  } else out.write(tellNext(path, projects));
  return EXIT.ok;
}

async function readHost(): Promise<Host> {
  const { host } = await measureHost(null);
  const { memory_available_mb: availableMb, memory_total_mb: totalMb = null } = host;
  return { cores: cpus().length, totalMb: totalMb ?? 0, availableMb: availableMb ?? 0 };
}

/** null: the user broke off. */
async function ask(
  { candidates, units }: Scan,
  { host, path, config }: { host: Host; path: string; config: Config },
): Promise<Proposal[] | null> {
  const { askBroker, askEnabled, askWrite } = await import('./init-ask.ts');
  const known: Candidate[] = [];
  for (const candidate of candidates) {
    const isAsked = candidate.kind === 'celery' && candidate.broker === null;
    const answer = isAsked ? await askBroker(candidate) : { url: null };
    if (answer === null) return null;
    known.push(answer.url === null ? candidate : await withBroker(candidate, answer.url));
  }
  const chosen = await askEnabled(propose(known, host));
  return chosen !== null && (await askWrite(path)) ? chosen : null;

  async function withBroker(candidate: Candidate, broker: string): Promise<Candidate> {
    const unit = units.get(candidate.service);
    const live = unit !== undefined && isRunning(unit);
    const obstacle = live ? await askLive(unit, { ...candidate, broker }, config) : null;
    return { ...candidate, broker, obstacle };
  }
}

function tellNext(path: string, projects: { enabled: boolean }[]): string {
  const off = projects.filter(({ enabled }) => !enabled).length;
  const count = projects.length === 1 ? '1 project' : `${projects.length} projects`;
  const rest = off === 0 ? '' : `, ${off === projects.length ? 'all' : off} disabled: left alone`;
  // the timer looks at the usual place
  const isUsual = path === DEFAULT_PATH;
  const call = isUsual ? 'sudo autoscaler' : `sudo autoscaler --config ${path}`;
  const lines = [
    `${call} check`,
    ...(off === 0 ? [] : [`${call} enable --all     (or some: enable PROJECT …)`]),
    `${call} run --dry-run`,
    ...(isUsual ? ['sudo systemctl enable --now autoscaler.timer'] : []),
  ];
  return `\n${path}: ${count}${rest}\nNext:  ${lines.join('\n       ')}\n`;
}
