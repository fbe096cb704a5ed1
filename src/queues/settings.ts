import type { Project } from '../config/schema/schema.ts';
import type { BrokerSettings } from './broker.ts';

type Keys = 'broker_url' | 'broker_transport_options' | 'broker_use_ssl';

/** Where a project's queues are; null: it has no broker. */
export function settingsOf(project: Pick<Project, Keys> | undefined): BrokerSettings | null {
  const { broker_url: url, broker_transport_options: options, broker_use_ssl: ssl } = project ?? {};
  return url === undefined ? null : { url, options, ssl };
}
