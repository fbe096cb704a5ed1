import { formatCount } from '../../../model/wording.ts';
import type { Finding } from './types.ts';

/** Who says which queues a worker takes tasks from. */
export type QueueSource = 'worker' | 'unit';

/** The queues of a project, as its config, its worker and its broker have them. */
export interface QueueFacts {
  project: string;
  /** those that the config looks at */
  looked: readonly string[];
  /** those that the worker takes tasks from; null: nobody says */
  taken: { queues: readonly string[]; source: QueueSource } | null;
  /** tasks that wait, in each queue that was asked for; what is not known is missing */
  waiting: Readonly<Record<string, number>>;
  /** queues of the broker, with tasks, that no project watches; asked for only where nobody says what is taken */
  unseen: readonly string[];
}

/** Whether a project looks at the queues that its worker takes tasks from. */
export function checkQueues(facts: QueueFacts): Finding[] {
  const { project, looked, taken, waiting, unseen } = facts;
  const of = { severity: 'warning', project } as const;
  if (taken === null) {
    if (unseen.length === 0) return [];
    return [
      {
        ...{ ...of, code: 'queues_unseen' },
        evidence: `tasks wait in queues of its broker that no project watches: ${unseen.map((name) => `${name} (${waiting[name]})`).join(', ')}; which of them its worker consumes is unknown`,
        remedy: 'list those that it consumes in "queues"',
      },
    ];
  }
  const { queues, source } = taken;
  const missing = queues.filter((name) => !looked.includes(name));
  const foreign = looked.filter((name) => !queues.includes(name));
  if (missing.length === 0 && foreign.length === 0) return [];
  const who =
    source === 'worker' ? 'the worker consumes' : 'according to its unit the worker consumes';
  const total = missing.reduce((sum, name) => sum + (waiting[name] ?? 0), 0);
  const unknown = missing.length > 0 && missing.every((name) => waiting[name] === undefined);
  const seen =
    missing.length === 0 || unknown
      ? ''
      : `; ${formatCount(total, 'task')} ${total === 1 ? 'waits' : 'wait'} in ${missing.join(', ')}, unseen`;
  return [
    {
      ...{ ...of, code: 'queues_differ' },
      evidence: `${who} ${queues.join(', ')}; the config lists ${looked.join(', ')}${seen}`,
      remedy: `set "queues": ${JSON.stringify(queues)}`,
    },
  ];
}
