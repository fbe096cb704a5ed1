import { confirm, isCancel, multiselect, note, password, text } from '@clack/prompts';
import { parseServerUrl } from '../brokers/broker-url.ts';
import { isBrokerUrl } from '../init/find-broker.ts';
import { cleanLine } from '../output/clean.ts';
import type { Candidate, Proposal } from '../init/types.ts';

/** null: the user broke off. */
type Answer<T> = T | null;

/** What most workers use. */
const USUAL_BROKER = 'redis://localhost:6379/0';

/**
 * The broker of a Celery worker that does not tell it, by its URL; null: it has none that is to be used. What is
 * answered is tried at once; a password is asked for where one is wanted, and is never shown.
 */
export async function askBroker(candidate: Candidate): Promise<Answer<{ url: string | null }>> {
  const { service, guess } = candidate;
  for (;;) {
    const url = await text({
      message: `Broker of ${service}: its URL, or nothing to go by the host's CPU`,
      initialValue: guess ?? USUAL_BROKER,
      validate: (value = '') =>
        value === '' || isUsable(value) ? undefined : `Such as ${USUAL_BROKER} or amqp://host//`,
    });
    if (isCancel(url)) return null;
    // an empty text is told as none
    if (!url) return { url: null };
    const answer = await tryBroker(candidate, url);
    if (answer === null || 'url' in answer) return answer;
    note(cleanLine(answer.error), 'That does not work', { format: (line) => line });
    const again = await confirm({ message: 'Give another URL?' });
    if (isCancel(again)) return null;
    if (!again) return { url: null };
  }
}

function isUsable(url: string): boolean {
  return isBrokerUrl(url) && url.split(';').every((each) => parseServerUrl(each) !== null);
}

async function tryBroker(
  candidate: Candidate,
  url: string,
): Promise<Answer<{ url: string } | { error: string }>> {
  const error = await findFault(candidate, url);
  if (error === null) return { url };
  if (!/password/.test(error) || url.includes(';')) return { error };
  const secret = await password({ message: 'It wants a password:' });
  if (isCancel(secret)) return null;
  const whole = withPassword(url, secret ?? '');
  const still = await findFault(candidate, whole);
  return still === null ? { url: whole } : { error: still };
}

async function findFault({ service, queues }: Candidate, url: string): Promise<string | null> {
  const { readQueues } = await import('../measure/queue.ts');
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

/** Which projects autoscaler may change. */
export async function askEnabled(proposals: readonly Proposal[]): Promise<Answer<Proposal[]>> {
  const chosen = await multiselect({
    message: 'Which may autoscaler change? Space: choose, a: all, Enter: go on',
    options: proposals.map(({ project, minWorkers, maxWorkers }) => ({
      ...{
        value: project,
        label: cleanLine(project),
        hint: `${minWorkers} to ${maxWorkers} workers`,
      },
    })),
    initialValues: [],
    required: false,
    showInstructions: false,
  });
  if (isCancel(chosen)) return null;
  return proposals.map((one) => ({ ...one, enabled: chosen.includes(one.project) }));
}

/** Whether to write it. */
export async function askWrite(path: string): Promise<boolean> {
  const isMeant = await confirm({ message: `Write ${cleanLine(path)}?` });
  return !isCancel(isMeant) && isMeant;
}
