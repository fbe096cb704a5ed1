import { confirm, isCancel, multiselect, note, password, select, text } from '@clack/prompts';
import { parseServerUrl } from '../../queues/broker-url.ts';
import type { MeasureError } from '../../model/measure-error.ts';
import { isBrokerUrl } from '../../queues/is-broker-url.ts';
import { cleanLine } from '../../output/clean.ts';
import type { Candidate } from '../../kinds/shared/proposal.ts';
import type { Proposal } from './proposal/types.ts';

/** null: the user broke off. */
type Answer<T> = T | null;

/** What most workers use. */
const USUAL_BROKER = 'redis://localhost:6379/0';

/**
 * The broker of a Celery worker that does not tell it, by its URL; null: it has none that is to be used. What is
 * answered is tried at once; a password is asked for where one is wanted, and is never shown.
 */
export async function askBroker(candidate: Candidate): Promise<Answer<{ url: string | null }>> {
  for (let { guess } = candidate; ; guess = null) {
    const url = guess === null ? await askUrl(candidate) : await chooseUrl(candidate, guess);
    if (url === null) return null;
    if (url === '') return { url: null };
    const answer = await tryBroker(candidate, url);
    if (answer === null || 'url' in answer) return answer;
    note(cleanLine(answer.error), 'That does not work', { format: (line) => line });
    const again = await confirm({ message: 'Give another URL?' });
    if (isCancel(again)) return null;
    if (!again) return { url: null };
  }
}

/** What it is connected to, another one, or none (an empty text). */
async function chooseUrl(candidate: Candidate, guess: string): Promise<Answer<string>> {
  const chosen = await select({
    message: `Broker of ${candidate.service}: its URL`,
    options: [
      { value: guess, label: guess, hint: 'it is connected to this one' },
      { value: 'other', label: 'another one' },
      { value: '', label: 'none: scale by its own CPU' },
    ],
    showInstructions: false,
  });
  if (isCancel(chosen)) return null;
  return chosen === 'other' ? askUrl(candidate) : chosen;
}

/** What is typed, and nothing that was there before. */
async function askUrl({ service }: Candidate): Promise<Answer<string>> {
  const url = await text({
    message: `Broker of ${service}: its URL, or empty to scale by its own CPU`,
    placeholder: `such as ${USUAL_BROKER}`,
    validate: (value = '') =>
      value === '' || isUsable(value) ? undefined : `Such as ${USUAL_BROKER} or amqp://host//`,
  });
  // an empty text is told as none
  return isCancel(url) ? null : (url ?? '');
}

function isUsable(url: string): boolean {
  return isBrokerUrl(url) && url.split(';').every((each) => parseServerUrl(each) !== null);
}

async function tryBroker(
  candidate: Candidate,
  url: string,
): Promise<Answer<{ url: string } | { error: string }>> {
  const fault = await findFault(candidate, url);
  if (fault === null) return { url };
  if (fault.code !== 'broker_login' || url.includes(';')) return { error: fault.text };
  const secret = await password({ message: 'It needs a password:' });
  if (isCancel(secret)) return null;
  const whole = withPassword(url, secret ?? '');
  const still = await findFault(candidate, whole);
  return still === null ? { url: whole } : { error: still.text };
}

async function findFault(
  { service, queues }: Candidate,
  url: string,
): Promise<MeasureError | null> {
  const { readQueues } = await import('../../queues/read-queues.ts');
  const found = await readQueues([{ project: service, url, queues }]);
  return found.get(service)?.error ?? null;
}

/** The URL with another password, escaped as a URL wants it. */
export function withPassword(url: string, secret: string): string {
  const [, scheme = '', credentials = '', rest = ''] =
    /^([^:]+:\/\/)(?:([^/]*)@)?(.*)$/s.exec(url) ?? [];
  const user = credentials.split(':', 1)[0] ?? '';
  return `${scheme}${user}:${encodeURIComponent(secret)}@${rest}`;
}

/** Which of the services that were found are to be added. */
export async function askAdded(proposals: readonly Proposal[]): Promise<Answer<Proposal[]>> {
  if (proposals.length < 2) return [...proposals];
  const chosen = await chooseProjects('Which should be added?', proposals, true);
  return chosen === null ? null : proposals.filter(({ project }) => chosen.includes(project));
}

/** Which projects autoscaler may change. */
export async function askEnabled(proposals: readonly Proposal[]): Promise<Answer<Proposal[]>> {
  if (proposals.length === 0) return [];
  const chosen = await chooseProjects('Which may autoscaler change?', proposals, false);
  if (chosen === null) return null;
  return proposals.map((one) => ({ ...one, enabled: chosen.includes(one.project) }));
}

/** By name; each with its limits and what runs now. */
async function chooseProjects(
  question: string,
  proposals: readonly Proposal[],
  all: boolean,
): Promise<Answer<string[]>> {
  const options = proposals.map(({ project, minWorkers, maxWorkers, candidate }) => ({
    value: project,
    label: `${cleanLine(project)}: ${minWorkers}–${maxWorkers} (now ${candidate.workers})`,
  }));
  const chosen = await multiselect({
    message: `${question} (fewest–most workers) Space: select, a: all, Enter: continue`,
    options,
    initialValues: all ? options.map(({ value }) => value) : [],
    required: false,
    showInstructions: false,
  });
  return isCancel(chosen) ? null : chosen;
}

/** Whether to write it. */
export async function askWrite(path: string): Promise<boolean> {
  const isMeant = await confirm({ message: `Write ${cleanLine(path)}?` });
  return !isCancel(isMeant) && isMeant;
}
