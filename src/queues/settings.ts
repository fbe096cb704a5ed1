import type { BrokerSettings } from './queue.ts';

/** The keys of a project that say where its broker is. */
export interface BrokerKeys {
  broker_url?: string | undefined;
  broker_transport_options?: BrokerSettings['options'];
  broker_use_ssl?: BrokerSettings['ssl'];
}

/** Where a project's queues are; null: it has no broker. */
export function settingsOf(project: BrokerKeys | undefined): BrokerSettings | null {
  const { broker_url: url, broker_transport_options: options, broker_use_ssl: ssl } = project ?? {};
  return url === undefined ? null : { url, options, ssl };
}
