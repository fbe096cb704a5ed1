import type { Logger } from 'pino';
import type { LiveQuestion } from '../../act/plan.ts';
import type { Outcome } from '../../act/types.ts';
import type { BrokerSettings } from '../../queues/queue.ts';
import { settingsOf } from '../../queues/settings.ts';
import type { Config, EditMode } from '../../config/schema/schema.ts';
import { isNews } from '../../state/reported.ts';
import { kindNamed } from '../../kinds/registry.ts';

/** What the config says about how the running service may be changed. */
export function liveOf(config: Config | null, service: string): Omit<LiveQuestion, 'pool'> {
  const project = config === null ? undefined : findProject(config, service);
  return {
    apply: project?.apply ?? config?.global.apply ?? 'restart',
    hasBroker: project?.broker_url !== undefined,
  };
}

/** Which files of a service may be edited, by the config. */
export function editOf(config: Config, service: string): EditMode {
  return findProject(config, service)?.edit ?? config.global.edit;
}

/** Where the queues of a service are, by the config; null: it names no broker for it. */
export function brokerOf(config: Config | null, service: string): BrokerSettings | null {
  return config === null ? null : settingsOf(findProject(config, service));
}

/** Reports why a change was not made live, or notes that an obstacle reported before is over. */
export function tellLive(outcome: Outcome, config: Config, log: Logger): void {
  if (liveOf(config, outcome.service).apply === 'restart') return;
  const { obstacle = null, result } = outcome;
  if (obstacle === null && result !== 'applied') return;
  const instead = result === 'refused' ? 'nothing is changed' : 'it is restarted instead';
  tellObstacle({ stateDir: config.global.state_dir, log }, { ...outcome, obstacle, instead });
}

/**
 * The recommendation for services whose requests are cut by the restart for each change: given once, or every time in a
 * dry run, which records nothing. null: there is none, or it was given before.
 */
export function recommendLive(
  config: Config,
  services: readonly { service: string; kind: string | null }[],
  isDryRun: boolean,
): string | null {
  const restarted = services
    .filter(
      ({ service, kind }) =>
        kind !== null &&
        kindNamed(kind).serves === 'requests' &&
        liveOf(config, service).apply === 'restart',
    )
    .map(({ service }) => service);
  if (restarted.length === 0) return null;
  const text = `each change restarts ${restarted.join(', ')}, and requests fail meanwhile; "apply": "live" in the config changes the workers without a restart`;
  return isDryRun || isNews(config.global.state_dir, 'recommend live', text) ? text : null;
}

/** Says why a service's pool is not changed while it runs: once, and again only if the reason changes. */
export function tellObstacle(
  { stateDir, log }: { stateDir: string; log: Logger },
  of: { project: string | null; service: string; obstacle: string | null; instead: string },
): void {
  const { project, service, obstacle, instead } = of;
  if (!isNews(stateDir, `live ${service}`, obstacle)) return;
  log.warn(
    { event: 'live', project, service },
    `${service}: it cannot be changed without a restart: ${obstacle}; ${instead} (reported once)`,
  );
}

function findProject(config: Config, service: string): Config['projects'][string] | undefined {
  return Object.values(config.projects).find(({ service_name }) => service_name === service);
}
