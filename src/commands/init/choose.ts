import { cpus } from 'node:os';
import type { Config } from '../../config/schema/schema.ts';
import { EXIT, UserError } from '../../errors.ts';
import { kindNamed } from '../../kinds/registry.ts';
import { propose } from './proposal/propose.ts';
import type { Candidate } from '../../kinds/shared/proposal.ts';
import type { Host, Proposal } from './proposal/types.ts';
import { measureHost } from '../../measure/host.ts';
import { isTerminal } from '../../host/streams.ts';
import type { Scan } from './scan.ts';
import { askWorker } from './worker.ts';

/** What is proposed, and what that depends on. */
export interface Choice {
  scan: Scan;
  host: Host;
  path: string;
  config: Config;
  /** names of projects that are not to be given again */
  taken: readonly string[];
  /** the services that it is about; the others only share the host with them */
  services: ReadonlySet<string>;
  /** whether some of them may be left out */
  isAddition: boolean;
}

/** @throws UserError usage where nobody can be asked */
export function requireTerminal(call: string): void {
  if (process.stdin.isTTY && isTerminal('stdout')) return;
  throw new UserError(
    EXIT.usage,
    'there is no terminal to ask questions on',
    `autoscaler ${call} --yes accepts everything found; with --enable the projects are enabled too.`,
  );
}

/** The host as proposals depend on it. */
export async function readHost(): Promise<Host> {
  const { host } = await measureHost(null);
  const { memory_available_mb: availableMb, memory_total_mb: totalMb = null } = host;
  return { cores: cpus().length, totalMb: totalMb ?? 0, availableMb: availableMb ?? 0 };
}

/** What is proposed for the services that it is about. */
export function proposeFor(
  { host, taken, services }: Pick<Choice, 'host' | 'taken' | 'services'>,
  candidates: readonly Candidate[],
): Proposal[] {
  return propose(candidates, host, taken).filter(({ candidate }) =>
    services.has(candidate.service),
  );
}

/** Asks for brokers that are not known, and for what may be changed; null: the user broke off. */
export async function choose(choice: Choice): Promise<Proposal[] | null> {
  const { scan, path, config, services } = choice;
  const { askAdded, askBroker, askEnabled, askWrite } = await import('./ask.ts');
  const known: Candidate[] = [];
  for (const candidate of scan.candidates) {
    const isAsked =
      kindNamed(candidate.kind).proposals.lacksBroker(candidate) && services.has(candidate.service);
    const answer = isAsked ? await askBroker(candidate) : { url: null };
    if (answer === null) return null;
    known.push(answer.url === null ? candidate : await withBroker(candidate, answer.url));
  }
  const proposals = proposeFor(choice, known);
  const added = choice.isAddition ? await askAdded(proposals) : proposals;
  const chosen = added === null ? null : await askEnabled(added);
  if (chosen === null || (chosen.length > 0 && !(await askWrite(path)))) return null;
  return chosen;

  async function withBroker(candidate: Candidate, broker: string): Promise<Candidate> {
    const unit = scan.units.get(candidate.service);
    if (unit === undefined) return { ...candidate, broker, obstacle: null };
    const { obstacle, queues } = await askWorker(unit, { ...candidate, broker }, config);
    return { ...candidate, broker, obstacle, queues: queues ?? candidate.queues };
  }
}
