import type { QueueBackend } from './queue.ts';
import { rabbitmq } from './rabbitmq/backend.ts';
import { redis } from './redis/backend.ts';

/** All kinds of broker; for each scheme, the first that has it counts. */
export const BACKENDS: readonly QueueBackend[] = [redis, rabbitmq];

/** The schemes of broker URLs, such as `redis` or `amqps`; `isAlias`: including those that are other names. */
export function listSchemes({ withAliases }: { withAliases: boolean }): string[] {
  return BACKENDS.flatMap(({ schemes }) =>
    Object.entries(schemes).flatMap(([name, { isAlias = false }]) =>
      isAlias && !withAliases ? [] : [name],
    ),
  );
}

/** The kind of broker that a URL belongs to; undefined: no known kind. */
export function findBackend(url: string): QueueBackend | undefined {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase() ?? '';
  return BACKENDS.find(({ schemes }) => Object.hasOwn(schemes, scheme));
}

/** A pattern for the start of any broker URL, up to `//`, without flags. */
export function schemePattern(): string {
  const names = listSchemes({ withAliases: true });
  return `(?:${names.map((name) => name.replace(/[+.]/g, '\\$&')).join('|')})://`;
}
